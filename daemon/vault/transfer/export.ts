import { armor, Encrypter } from 'age-encryption';
import { numericIdOf } from '../../access/numbered-workspaces.ts';
import { titleOf, type SecretScope } from '../../access/scopes.ts';
import type { Principal } from '../../access/principal.ts';
import { userScope } from '../../access/scopes.ts';
import { EscrowError } from '../../errors.ts';
import { record } from '../../ledger/journal.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { listNumberedSecrets } from '../numbered-secrets.ts';
import { recipientFor } from './age-passphrase.ts';
import type { Vault } from '../vault.ts';

/** The plaintext of an export, which is encrypted with age: https://age-encryption.org/v1 */
interface ExportedVault {
  readonly format: 'nf-escrow-export-1';
  readonly exportedAt: string;
  readonly scopes: readonly ExportedScope[];
}

interface ExportedScope {
  readonly kind: 'workspace' | 'user';
  readonly organization: string;
  readonly name: string;
  readonly visibility: 'private' | 'shared' | 'personal' | null;
  readonly numericId: number;
  /** Absent for a user. */
  readonly organizationNumericId?: number;
  readonly secrets: readonly ExportedSecret[];
}

interface ExportedSecret {
  readonly name: string;
  readonly version: number;
  readonly numericId: number;
  readonly valueBase64: string;
}

/** Who can decrypt an export: age recipients (`age1…`), or anyone with the passphrase. */
export type ExportFor = { readonly recipients: readonly string[] } | { readonly passphrase: string };

/** Exports the newest version of every secret. Returns an armored age file as text. */
export async function exportVault(
  ledger: Ledger,
  vault: Vault,
  by: Principal,
  forWhom: ExportFor,
): Promise<string> {
  const encrypter = encrypterFor(forWhom);
  const scopes: ExportedScope[] = [];
  for (const { scope, ...described } of await allScopes(ledger, by)) {
    const secrets: ExportedSecret[] = [];
    for (const { secretId, name, version, numericId } of await listNumberedSecrets(ledger.db, scope)) {
      const value = await vault.open(secretId, version);
      secrets.push({ name, version, numericId, valueBase64: value.open().toString('base64') });
    }
    scopes.push({ kind: scope.kind, ...described, secrets });
  }
  const exported: ExportedVault = {
    format: 'nf-escrow-export-1',
    exportedAt: new Date().toISOString(),
    scopes,
  };
  const encrypted = await encrypter.encrypt(JSON.stringify(exported));
  await ledger.write((db) => record(db, { type: 'vault.exported', by: by.user }));
  return armor.encode(encrypted);
}

function encrypterFor(forWhom: ExportFor): Encrypter {
  const encrypter = new Encrypter();
  if ('passphrase' in forWhom) {
    encrypter.addRecipient(recipientFor(forWhom.passphrase));
    return encrypter;
  }
  for (const recipient of forWhom.recipients) {
    try {
      encrypter.addRecipient(recipient);
    } catch {
      // The error does not quote the recipient: it may be a secret key that the user mistook for the public one.
      throw new EscrowError('request-unprocessable', 'Cannot export: a recipient is not an age public key.', {
        hint: 'Use a recipient that starts with age1. `age-keygen -y KEYFILE` prints it.',
      });
    }
  }
  return encrypter;
}

interface Listed extends Omit<ExportedScope, 'kind' | 'secrets'> {
  readonly scope: SecretScope;
}

async function allScopes(ledger: Ledger, by: Principal): Promise<Listed[]> {
  const own = await userScope(ledger.db, by);
  const rows = await ledger.db
    .selectFrom('scopes')
    .leftJoin('organizations', 'organizations.name', 'scopes.organization')
    .selectAll('scopes')
    .select('organizations.numeric_id as organization_numeric_id')
    .where('kind', '=', 'workspace')
    .orderBy('organization')
    .orderBy('scopes.name')
    .execute();
  const workspaces = rows.map(({ id, organization, name, visibility, ...ids }): Listed => {
    const scope = { id, kind: 'workspace', organization, name, visibility: visibility ?? 'private' } as const;
    return {
      scope,
      organization,
      name,
      visibility: scope.visibility,
      numericId: ids.numeric_id,
      ...(ids.organization_numeric_id === null ? {} : { organizationNumericId: ids.organization_numeric_id }),
    };
  });
  const numericId = await numericIdOf(ledger.db, own);
  return [...workspaces, { scope: own, organization: '', name: titleOf(own), visibility: null, numericId }];
}
