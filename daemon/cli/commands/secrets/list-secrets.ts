import { readAll } from '../../../api-client/read-all.ts';
import type { Secret } from '../../../contract/types.ts';
import type { Context } from '../../context.ts';
import { printJson, printNote } from '../../io/output.ts';
import { printTable, type Column } from '../../io/table.ts';
import type { TimeOptions } from '../../io/time-format.ts';
import { findSecrets, ownerOf, type ScopeOptions } from './scope.ts';

const COLUMNS: readonly Column[] = [
  'NAME',
  'VERSION',
  'OF',
  'OVERRIDE',
  { title: 'SET', is: 'time' },
  { title: 'LAST USED', is: 'time' },
  { title: 'BY RUN', is: 'run' },
];

/** A secret, and how the user's secrets and those of the workspace override each other. */
interface ListedSecret extends Secret {
  /** Scopes whose secret of this name it overrides in a run. */
  readonly overrides?: Secret['scope'][];
  /** The scope whose secret of this name a run gets instead. */
  readonly overriddenBy?: Secret['scope'];
}

/**
 * Lists the secrets that a run gets: those of the default workspace and the user's own, which override them. With `--user` or
 * `--workspace`, lists one scope.
 */
export async function listSecrets(
  context: Context,
  options: ScopeOptions & TimeOptions & { json?: boolean },
): Promise<void> {
  const { client, path, title } = await findSecrets(context, options);
  const found = await readAll<Secret>(client, path, 'secrets');
  const secrets: ListedSecret[] =
    options.user === true ? found : merge(found, await readOwn(context), options.workspace === undefined);
  if (options.json === true) printJson({ secrets });
  else if (secrets.length > 0) await printSecrets(secrets, options);
  else {
    const other =
      options.user === true || options.workspace !== undefined ? '' : ', and you have no secrets of your own';
    printNote(`${ownerOf(title)} no secrets${other}. Add one: nf-escrow secrets set NAME`);
  }
}

/** Returns the user's own secrets, which override those of any workspace. */
async function readOwn(context: Context): Promise<Secret[]> {
  const { client, path } = await findSecrets(context, { user: true });
  return readAll<Secret>(client, path, 'secrets');
}

/** Returns the workspace's secrets and, if `withOwn`, the user's, by name. */
function merge(workspace: readonly Secret[], own: readonly Secret[], withOwn: boolean): ListedSecret[] {
  const named = (secrets: readonly Secret[]): Set<string> => new Set(secrets.map(({ name }) => name));
  const [inWorkspace, inOwn] = [named(workspace), named(own)];
  const listed: ListedSecret[] = workspace.map((secret) =>
    inOwn.has(secret.name) ? { ...secret, overriddenBy: 'user' } : secret,
  );
  if (withOwn)
    for (const secret of own)
      listed.push(inWorkspace.has(secret.name) ? { ...secret, overrides: ['workspace'] } : secret);
  return listed.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

async function printSecrets(secrets: readonly ListedSecret[], options: TimeOptions): Promise<void> {
  const rows = secrets.map((secret) => [
    secret.name,
    String(secret.version),
    secret.scope === 'user' ? 'you' : 'workspace',
    describeOverride(secret),
    secret.lastUpdated,
    secret.lastUsed ?? '-',
    secret.lastUsedBy ?? '-',
  ]);
  await printTable(COLUMNS, rows, options);
}

function describeOverride({ overrides, overriddenBy }: ListedSecret): string {
  if (overriddenBy !== undefined) return 'overridden by yours';
  return overrides === undefined ? '-' : 'overrides workspace';
}
