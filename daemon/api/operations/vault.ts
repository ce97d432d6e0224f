import { EscrowError } from '../../errors.ts';
import { assertKeysAvailable, finishRekey, rekey } from '../../vault/keys/rekey.ts';
import { vaultStatus } from '../../vault/status.ts';
import { operation, type Operation } from '../routing/operation.ts';
import { VAULT_KEY, WORKSPACE } from './problem-groups.ts';
import { IMPORT_MAX } from './secrets.ts';

const KEY = [...VAULT_KEY, 'secret-corrupt', 'not-permitted'] as const;

/** Operations on the vault: status, keys, export and import. */
export const vaultOperations: readonly Operation[] = [
  operation({
    id: 'getVault',
    method: 'get',
    path: '/v1/vault',
    summary: 'Get the state of the vault and the source of its key',
    responses: { 200: 'vault-status' },
    problems: KEY,
    handle: async ({ ledger, vault }) => ({ status: 200, body: await vaultStatus(ledger, vault) }),
  }),
  operation({
    id: 'checkVault',
    method: 'post',
    path: '/v1/vault/check',
    summary: 'Check that every key of the vault is available',
    description:
      'If the key comes from a command, the daemon runs this command. It does not decrypt any value.',
    responses: { 200: 'vault-status' },
    problems: KEY,
    handle: async ({ ledger, vault }) => {
      await assertKeysAvailable(ledger, vault);
      return { status: 200, body: await vaultStatus(ledger, vault) };
    },
  }),
  operation({
    id: 'unlockVault',
    method: 'post',
    path: '/v1/vault/unlock',
    summary: 'Unlock the vault with its passphrase',
    request: 'vault-unlock',
    responses: { 200: 'vault-status' },
    problems: [...KEY, 'passphrase-wrong', 'state-conflict'],
    handle: async ({ ledger, vault }, { body }) => {
      await vault.keys.unlock(Buffer.from(body.passphrase));
      await finishRekey(ledger, vault);
      return { status: 200, body: await vaultStatus(ledger, vault) };
    },
  }),
  operation({
    id: 'rekeyVault',
    method: 'post',
    path: '/v1/vault/rekey',
    summary: 'Encrypt all values with a new key',
    request: 'vault-rekey',
    responses: { 200: 'vault-rekey-result' },
    problems: [...KEY, 'request-unprocessable', 'passphrase-wrong', 'state-conflict'],
    handle: async ({ ledger, vault }, { body: { source, passphrase }, principal }) => {
      const secret = passphrase === undefined ? undefined : Buffer.from(passphrase);
      const moved = await rekey(ledger, vault, principal, source, secret);
      return { status: 200, body: { moved, vault: await vaultStatus(ledger, vault) } };
    },
  }),
  operation({
    id: 'exportVault',
    method: 'post',
    path: '/v1/vault/export',
    summary: 'Export all secrets, encrypted with age',
    request: 'vault-export-request',
    responses: { 200: { type: 'text/plain' } },
    problems: [...KEY, 'request-unprocessable'],
    handle: async ({ ledger, vault }, { body: { recipients, passphrase }, principal }) => {
      const { exportVault } = await import('../../vault/transfer/export.ts'); // age takes 4 MB of memory
      const forWhom = recipients === undefined ? { passphrase: passphrase ?? '' } : { recipients };
      return { status: 200, body: await exportVault(ledger, vault, principal, forWhom) };
    },
  }),
  operation({
    id: 'importVault',
    method: 'post',
    path: '/v1/vault/import',
    summary: 'Import an export in one transaction',
    request: 'vault-import-request',
    requestMax: IMPORT_MAX,
    responses: { 200: 'import-result' },
    problems: [
      ...KEY,
      'request-unprocessable',
      'passphrase-wrong',
      'import-invalid',
      'import-conflict',
      'value-invalid',
      'name-invalid',
      'workspace-personal',
      ...WORKSPACE,
    ],
    handle: async ({ ledger, vault }, { body, principal }) => {
      const { importVault } = await import('../../vault/transfer/import.ts');
      const { identities, passphrase, onConflict } = body;
      if ((identities === undefined) === (passphrase === undefined))
        throw new EscrowError(
          'request-unprocessable',
          'An import requires either a passphrase or identities.',
        );
      const opener = identities === undefined ? { passphrase: passphrase ?? '' } : { identities };
      return {
        status: 200,
        body: await importVault(ledger, vault, principal, body.export, opener, onConflict),
      };
    },
  }),
];
