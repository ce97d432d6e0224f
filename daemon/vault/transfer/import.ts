import { randomUUID } from 'node:crypto';
import { armor, Decrypter } from 'age-encryption';
import type { Principal } from '../../access/principal.ts';
import { findWorkspace, userScope, type SecretScope } from '../../access/scopes.ts';
import { assertSecretName } from '../../contract/secret-name.ts';
import { validate } from '../../contract/validate.ts';
import type { ImportRequest, ImportResult, VaultExport } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import type { Ledger, Queries } from '../../ledger/open.ts';
import { passVersion } from '../next-version.ts';
import { identityFor } from './age-passphrase.ts';
import { secretValueFrom } from '../secret-bytes.ts';
import type { SecretValue } from '../secret-value.ts';
import type { Vault } from '../vault.ts';

/** What opens an export: a passphrase, or the secret keys of age identities (`AGE-SECRET-KEY-1…`). */
export type ImportWith = { readonly identities: readonly string[] } | { readonly passphrase: string };

/**
 * Takes an export in, all of it or nothing. Workspaces that are not there are made; a user's own secrets become those
 * of who imports. Throws `import-invalid`, `import-conflict`.
 */
export async function importVault(
  ledger: Ledger,
  vault: Vault,
  by: Principal,
  text: string,
  opener: ImportWith,
  onConflict: ImportRequest['onConflict'],
): Promise<ImportResult> {
  const { scopes } = await decrypt(text, opener);
  const filled = scopes
    .filter(({ secrets }) => secrets.length > 0)
    .map((scope) => ({ scope, values: valuesOf(scope.secrets) }));
  const find = (db: Queries): Promise<(readonly [SecretScope, ReadonlyMap<string, SecretValue>])[]> =>
    inTurn(filled, async ({ scope, values }) => {
      const target = await findOrMake(db, by, scope);
      for (const { name, version } of scope.secrets)
        if (version !== undefined) await passVersion(db, target.id, name, version);
      return [target, values] as const;
    });
  return vault.setScopes(by, find, onConflict);
}

/** Names and values from outside, checked. Throws `name-invalid`, `value-invalid`, or `import-invalid` for a repeated name. */
export function valuesOf(
  secrets: readonly { readonly name: string; readonly valueBase64: string }[],
): Map<string, SecretValue> {
  const values = new Map<string, SecretValue>();
  for (const { name, valueBase64 } of secrets) {
    assertSecretName(name);
    if (values.has(name)) throw new EscrowError('import-invalid', `${name} is there twice.`);
    values.set(name, secretValueFrom(name, Buffer.from(valueBase64, 'base64')));
  }
  return values;
}

async function decrypt(text: string, opener: ImportWith): Promise<VaultExport> {
  const decrypter = new Decrypter();
  let plain;
  try {
    if ('passphrase' in opener) decrypter.addIdentity(identityFor(opener.passphrase));
    else for (const identity of opener.identities) decrypter.addIdentity(identity);
    plain = await decrypter.decrypt(armor.decode(text), 'text');
  } catch {
    // The reason is not passed on: it may quote what could not be read.
    throw new EscrowError('import-invalid', 'The export does not open.', {
      hint: 'Is it an armoured age file of `nf-escrow vault export`, and the passphrase or identity the right one?',
    });
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(plain);
  } catch {
    throw new EscrowError('import-invalid', 'The file opens, and is no export of nf-escrow.');
  }
  return validate<'VaultExport'>('vault-export.json', parsed);
}

async function findOrMake(
  db: Queries,
  by: Principal,
  { kind, organization, name, visibility }: VaultExport['scopes'][number],
): Promise<SecretScope> {
  if (kind === 'user') return userScope(db, by);
  const now = new Date().toISOString();
  await db
    .insertInto('organizations')
    .values({ id: randomUUID(), name: organization, created_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await db
    .insertInto('scopes')
    .values({ id: randomUUID(), kind, organization, name, visibility, created_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return findWorkspace(db, `${organization}/${name}`);
}

/** One after another: they share a transaction. */
async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}
