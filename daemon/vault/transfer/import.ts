import { randomUUID } from 'node:crypto';
import { armor, Decrypter } from 'age-encryption';
import type { Principal } from '../../access/principal.ts';
import { findWorkspace, userScope, type SecretScope } from '../../access/scopes.ts';
import { validate } from '../../contract/validate.ts';
import type { ImportRequest, ImportResult, VaultExport } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import type { Ledger, Queries } from '../../ledger/ledger.ts';
import { passVersion } from '../next-version.ts';
import { identityFor } from './age-passphrase.ts';
import { importedValues } from './imported-values.ts';
import type { Vault } from '../vault.ts';
import { adoptScopeIds, numericIdsOf, type ImportedScope } from './imported-ids.ts';

/** What decrypts an export: a passphrase, or the secret keys of age identities (`AGE-SECRET-KEY-1…`). */
export type ImportWith = { readonly identities: readonly string[] } | { readonly passphrase: string };

/**
 * Imports an export, all of it or nothing. Creates missing workspaces, with their numeric ids. User secrets become those of the importing user.
 * Throws `import-invalid`, `import-conflict`.
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
    .map((scope) => ({ scope, values: importedValues(scope.secrets) }));
  const find = (db: Queries): Promise<ImportedScope[]> =>
    inSequence(filled, async ({ scope, values }) => {
      const target = await findOrCreate(db, by, scope);
      await adoptScopeIds(db, target, scope);
      for (const { name, version } of scope.secrets)
        if (version !== undefined) await passVersion(db, target.id, name, version);
      return { scope: target, values, numericIds: numericIdsOf(scope) };
    });
  return vault.setScopes(by, find, onConflict);
}

async function decrypt(text: string, opener: ImportWith): Promise<VaultExport> {
  const decrypter = new Decrypter();
  let plain;
  try {
    if ('passphrase' in opener) decrypter.addIdentity(identityFor(opener.passphrase));
    else for (const identity of opener.identities) decrypter.addIdentity(identity);
    plain = await decrypter.decrypt(armor.decode(text), 'text');
  } catch {
    // The cause is dropped, because its message may quote the file or the identity.
    throw new EscrowError('import-invalid', 'Cannot decrypt the export.', {
      hint: 'Check the passphrase or identity, and that `nf-escrow vault export` wrote the file.',
    });
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(plain);
  } catch {
    throw new EscrowError('import-invalid', 'The decrypted file is not an export of nf-escrow.');
  }
  return validate<'VaultExport'>('vault-export.json', parsed);
}

async function findOrCreate(
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

/** Runs `work` for one item after another, because all share one transaction. */
async function inSequence<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}
