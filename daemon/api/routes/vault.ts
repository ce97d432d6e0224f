import express, { Router } from 'express';
import type { Principal } from '../../access/principal.ts';
import { validate } from '../../contract/validate.ts';
import type { VaultStatus } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import type { Ledger } from '../../ledger/open.ts';
import { exportVault } from '../../vault/transfer/export.ts';
import { importVault } from '../../vault/transfer/import.ts';
import { finishRekey, rekey } from '../../vault/keys/rekey.ts';
import { vaultStatus } from '../../vault/status.ts';
import type { Vault } from '../../vault/vault.ts';
import { IMPORT_MAX } from './secrets.ts';

/** Returns the routes below `/v1/vault`: status, keys, export and import. */
export function vaultRoutes(ledger: Ledger, vault: Vault, user: Principal): Router {
  const router = Router();
  router.use(express.json({ limit: IMPORT_MAX }));
  router.get('/', async (_request, response) => {
    response.json((await vaultStatus(ledger, vault)) satisfies VaultStatus);
  });
  router.post('/unlock', async (request, response) => {
    const { passphrase } = validate<'VaultUnlock'>('vault-unlock.json', request.body);
    await vault.keys.unlock(Buffer.from(passphrase));
    await finishRekey(ledger, vault);
    response.json(await vaultStatus(ledger, vault));
  });
  router.post('/rekey', async (request, response) => {
    const { source, passphrase } = validate<'VaultRekey'>('vault-rekey.json', request.body);
    const moved = await rekey(ledger, vault, user, source, optional(passphrase));
    response.json({ moved, ...(await vaultStatus(ledger, vault)) });
  });
  router.post('/export', async (request, response) => {
    const wanted = validate<'VaultExportRequest'>('vault-export-request.json', request.body);
    const { recipients, passphrase } = wanted;
    const forWhom = recipients === undefined ? { passphrase: passphrase ?? '' } : { recipients };
    response.type('text/plain').send(await exportVault(ledger, vault, user, forWhom));
  });
  router.post('/import', async (request, response) => {
    const wanted = validate<'VaultImportRequest'>('vault-import-request.json', request.body);
    const { identities, passphrase, onConflict } = wanted;
    if ((identities === undefined) === (passphrase === undefined))
      throw new EscrowError('request-invalid', 'An import requires either a passphrase or identities.');
    const opener = identities === undefined ? { passphrase: passphrase ?? '' } : { identities };
    response.json(await importVault(ledger, vault, user, wanted.export, opener, onConflict));
  });
  return router;
}

function optional(text: string | undefined): Buffer | undefined {
  return text === undefined ? undefined : Buffer.from(text);
}
