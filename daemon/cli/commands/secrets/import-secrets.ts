import { readAll } from '../../../api-client/read-all.ts';
import type { ImportRequest, ImportResult, Secret } from '../../../contract/types.ts';
import { EscrowError } from '../../../errors.ts';
import type { Context } from '../../context.ts';
import { print, printJson } from '../../io/output.ts';
import { unknownChoice } from '../../io/unknown-choice.ts';
import { printReportTable } from '../../io/table.ts';
import type { ImportedSecret } from '../../io/import-sources.ts';
import { findSecrets, type ScopeOptions } from './scope.ts';
import { tellHolders } from './tell-holders.ts';

export interface ConflictOptions {
  readonly replace?: boolean;
  readonly skip?: boolean;
}

export interface ImportOptions extends ScopeOptions, ConflictOptions {
  readonly from: string;
  readonly only?: readonly string[];
  readonly json?: boolean;
}

/** Imports all secrets of a file or the named ones, all of them or none. Lists the secrets that exist already before the daemon refuses them. */
export async function importSecrets(
  context: Context,
  file: string | undefined,
  options: ImportOptions,
): Promise<void> {
  const onConflict = conflictOf(options);
  const { client, path, title } = await findSecrets(context, options);
  const { describeInput, importSources, readImport } = await import('../../io/import-sources.ts');
  const source = importSources.find((known) => known === options.from);
  if (source === undefined)
    throw unknownChoice(
      `Cannot import secrets: unknown source "${options.from}".`,
      options.from,
      importSources,
    );
  const isStore = source === 'nextflow' && file === undefined;
  const found = await readImport(source, file, process.env);
  const secrets = pick(found, options.only ?? [], isStore ? "Nextflow's secrets store" : describeInput(file));
  if (onConflict === 'refuse') {
    await showConflicts(await readAll<Secret>(client, path, 'secrets'), secrets);
  }
  const body: ImportRequest = { secrets, onConflict };
  const result = await client.call<ImportResult>('POST', `${path}/import`, body);
  if (options.json === true) printJson(result);
  else {
    await printImport(result);
    const rest = ' The file is unchanged and still contains the values in clear text.';
    print(`Imported into ${title}.${isStore || (file !== undefined && file !== '-') ? rest : ''}`);
    for (const name of result.replaced)
      await tellHolders(client, `${path}/${encodeURIComponent(name)}`, name);
  }
}

/** Returns the named secrets, or all if none are named. The others may have names that no secret can have. */
function pick(found: readonly ImportedSecret[], names: readonly string[], input: string): ImportedSecret[] {
  const missing = names.filter((wanted) => !found.some(({ name }) => name === wanted));
  if (missing.length > 0)
    throw new EscrowError(
      'import-invalid',
      `Cannot import ${missing.join(', ')}: ${input} has no such secret.`,
    );
  return found.filter(({ name }) => names.length === 0 || names.includes(name));
}

export function conflictOf({ replace, skip }: ConflictOptions): ImportRequest['onConflict'] {
  if (replace === true && skip === true)
    throw new EscrowError('usage', '--replace and --skip cannot be combined.');
  return replace === true ? 'replace' : skip === true ? 'skip' : 'refuse';
}

export async function printImport({ created, replaced, skipped }: ImportResult): Promise<void> {
  const rows = [
    ...created.map((name) => [name, 'new']),
    ...replaced.map((name) => [name, 'replaced']),
    ...skipped.map((name) => [name, 'skipped']),
  ];
  await printReportTable(['NAME', 'RESULT'], rows);
}

/** Shows which secrets --replace would replace. The daemon refuses them. */
async function showConflicts(known: readonly Secret[], wanted: readonly { name: string }[]): Promise<void> {
  const taken = known.filter(({ name }) => wanted.some((secret) => secret.name === name));
  if (taken.length === 0) return;
  await printReportTable(
    ['NAME', { title: 'EXISTS SINCE', is: 'time' }, 'VERSION'],
    taken.map(({ name, lastUpdated, version }) => [name, lastUpdated, String(version)]),
  );
}
