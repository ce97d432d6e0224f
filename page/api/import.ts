import type { ImportRequest, ImportResult, Secret } from '../../daemon/contract/types.ts';
import { toBase64 } from '../access/encoding.ts';
import { call } from './call.ts';
import { readAll } from './read-all.ts';
import { refresh } from './resource.ts';
import type { SecretPlace } from './secrets.ts';

export type TextFormat = NonNullable<ImportRequest['format']>;

/** What can be done with one name of a text. */
export interface ImportRow {
  readonly name: string;
  /** The existing secret that the import would replace. */
  readonly existing?: Secret;
  /** Why the name cannot be imported. */
  readonly reason?: string;
}

/** Returns what an import of a text would do, by name. The values are compared with nothing: that would reveal the existing ones. */
export async function previewImport(
  { path }: SecretPlace,
  text: Uint8Array,
  format: TextFormat,
): Promise<ImportRow[]> {
  const body: ImportRequest = { textBase64: toBase64(text), format, onConflict: 'replace' };
  const [{ created, replaced, refused = [] }, known] = await Promise.all([
    call<ImportResult>('POST', `${path}/import?preview=true`, { body }),
    readAll<Secret>(path, 'secrets'),
  ]);
  const byName = new Map(known.map((secret) => [secret.name, secret]));
  const rows = [...created, ...replaced].map((name): ImportRow => {
    const existing = byName.get(name);
    return { name, ...(existing === undefined ? {} : { existing }) };
  });
  return [...rows, ...refused].sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** Imports the chosen names of a text, all or none. Throws `precondition-failed` if one of them changed after the preview. */
export async function importText(
  { path }: SecretPlace,
  text: Uint8Array,
  format: TextFormat,
  chosen: readonly ImportRow[],
): Promise<ImportResult> {
  const only = chosen.map(({ name, existing }) => ({ name, version: existing?.version ?? null }));
  const body: ImportRequest = { textBase64: toBase64(text), format, only, onConflict: 'replace' };
  const result = await call<ImportResult>('POST', `${path}/import`, { body });
  refresh('secrets/', 'workspaces');
  return result;
}
