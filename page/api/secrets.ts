import type {
  Secret,
  SecretHistory,
  SecretHolderList,
  SecretInput,
  SecretSearch,
  SecretUseList,
  SecretVersion,
} from '../../daemon/contract/types.ts';
import { toBase64 } from '../access/encoding.ts';
import { to } from '../app/router.ts';
import { call } from './call.ts';
import { readAll } from './read-all.ts';
import { refresh, useResource, type Loaded } from './resource.ts';
import type { SecretPlace } from './secret-place.ts';
import { titleOf, type WorkspaceName } from './workspaces.ts';

export type { SecretPlace } from './secret-place.ts';

export const userSecrets: SecretPlace = { path: 'v1/user/secrets', options: ['--user'] };

/** Returns the place of the secrets of a workspace. */
export function workspaceSecrets(workspace: WorkspaceName): SecretPlace {
  const { organization, name } = workspace;
  return {
    path: `v1/workspaces/${encodeURIComponent(organization)}/${encodeURIComponent(name)}/secrets`,
    workspace: titleOf(workspace),
    options: ['--workspace', titleOf(workspace)],
  };
}

/** Returns the secrets of a place. */
export function useSecrets({ path }: SecretPlace): Loaded<Secret[]> {
  return useResource(`secrets/${path}`, () => readAll<Secret>(path, 'secrets'));
}

/** Returns the runs and processes that used a secret, the newest first. */
export function useUses({ path }: SecretPlace, name: string): Loaded<SecretUseList> {
  const address = `${path}/${encodeURIComponent(name)}/uses?limit=50`;
  return useResource(`secrets/${address}`, () => call<SecretUseList>('GET', address));
}

/** Returns the versions of a secret, the newest first. */
export function useHistory({ path }: SecretPlace, name: string): Loaded<SecretHistory> {
  const address = `${path}/${encodeURIComponent(name)}/history?limit=50`;
  return useResource(`secrets/${address}`, () => call<SecretHistory>('GET', address));
}

/** Returns secrets of all workspaces and of the user whose name contains a text. Requests nothing for a text that no name contains. */
export function useSecretSearch(text: string): Loaded<SecretSearch> {
  const query = new URLSearchParams({ text, limit: '50' }).toString();
  return useResource(`secrets/search?${query}`, async () =>
    /^\w{1,50}$/.test(text) ? call<SecretSearch>('GET', `v1/secrets?${query}`) : { found: [] },
  );
}

/** Returns the address of the details of a secret; of the user without a workspace. */
export function addressOf(name: string, workspace: string | null): string {
  return to(
    workspace === null ? ['user', 'secrets', name] : ['workspaces', ...workspace.split('/'), 'secrets', name],
  );
}

/** Returns the number of live runs that hold a value of a secret. */
export async function countHolders({ path }: SecretPlace, name: string): Promise<number> {
  const list = await call<SecretHolderList>('GET', `${path}/${encodeURIComponent(name)}/holders`);
  return list.holders.length + (list.omitted ?? 0);
}

/** Condition of a change: the version that the person has seen, or that there is none. */
export type SeenVersion = number | 'none';

/** Sets a secret. Throws `precondition-failed` if it has another version than the person has seen. */
export async function setSecret(
  { path }: SecretPlace,
  name: string,
  value: Uint8Array,
  seen: SeenVersion,
): Promise<SecretVersion> {
  const body: SecretInput = { valueBase64: toBase64(value) };
  const headers = seen === 'none' ? { 'if-none-match': '*' } : { 'if-match': `"${String(seen)}"` };
  const set = await call<SecretVersion>('PUT', `${path}/${encodeURIComponent(name)}`, { body, headers });
  refresh('secrets/', 'workspaces');
  return set;
}

/** Removes a secret. Throws `precondition-failed` if it has another version than the person has seen. */
export async function removeSecret({ path }: SecretPlace, name: string, seen: number): Promise<void> {
  const headers = { 'if-match': `"${String(seen)}"` };
  await call('DELETE', `${path}/${encodeURIComponent(name)}`, { headers });
  refresh('secrets/', 'workspaces');
}
