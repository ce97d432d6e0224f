import type { ImportRequest, ImportResult, SecretList } from '../../../contract/types.ts';
import { EscrowError } from '../../../errors.ts';
import type { Context } from '../../context.ts';
import { print, printJson } from '../../io/output.ts';
import { printTable } from '../../io/table.ts';
import { scopeTitle, secretsPath, type ScopeOptions } from './scope.ts';

export interface ConflictOptions {
  readonly replace?: boolean;
  readonly skip?: boolean;
}

/** Imports all secrets of a file or none. Lists the secrets that exist already before the daemon refuses them. */
export async function importSecrets(
  context: Context,
  file: string | undefined,
  options: ScopeOptions & ConflictOptions & { from: string; json?: boolean },
): Promise<void> {
  const onConflict = conflictOf(options);
  const path = secretsPath(context, options);
  const { importSources, readImport } = await import('../../io/import-sources.ts');
  const source = importSources.find((known) => known === options.from);
  if (source === undefined)
    throw new EscrowError('usage', `Cannot import secrets: unknown source "${options.from}".`, {
      hint: `Use one of: ${importSources.join(', ')}.`,
    });
  const secrets = await readImport(source, file, process.env);
  const daemon = await context.daemon();
  if (onConflict === 'refuse') {
    const { secrets: known } = await daemon.call<SecretList>('GET', path);
    await showConflicts(known, secrets);
  }
  const body: ImportRequest = { secrets, onConflict };
  const result = await daemon.call<ImportResult>('POST', `${path}/import`, body);
  if (options.json === true) printJson(result);
  else {
    await printImport(result);
    print(
      `Imported into ${scopeTitle(context, options)}. The file is unchanged and still contains the values in clear text.`,
    );
  }
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
  await printTable(['NAME', 'RESULT'], rows);
}

/** Shows which secrets --replace would replace. The daemon refuses them. */
async function showConflicts(
  known: SecretList['secrets'],
  wanted: readonly { name: string }[],
): Promise<void> {
  const taken = known.filter(({ name }) => wanted.some((secret) => secret.name === name));
  if (taken.length === 0) return;
  await printTable(
    ['NAME', 'EXISTS SINCE', 'VERSION'],
    taken.map(({ name, lastUpdated, version }) => [name, lastUpdated, String(version)]),
  );
}
