import { createCipheriv, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Test } from 'tap';
import { machineUser } from '../../../daemon/access/principal.ts';
import { findWorkspace } from '../../../daemon/access/scopes.ts';
import { open, seal, type SealContext, type VaultKey } from '../../../daemon/vault/encryption.ts';
import { Keys } from '../../../daemon/vault/keys/keys.ts';
import { rekey } from '../../../daemon/vault/keys/rekey.ts';
import { SecretValue } from '../../../daemon/vault/secret-value.ts';
import { contextOf } from '../../../daemon/vault/store-secrets.ts';
import { Vault } from '../../../daemon/vault/vault.ts';
import { onEachLedger } from '../../support/each-ledger.ts';
import { openTestLedger } from '../../support/test-ledger.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const user = machineUser();

/** Encrypts a value in format 1, implemented here from its description. */
function sealedAsFormat1(value: Buffer, context: SealContext, key: VaultKey): Buffer {
  const { ledger, scope, name, version } = context;
  const bound = Buffer.concat(
    ['nf-escrow 1', ledger, scope, name, String(version), key.id].flatMap((part) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(Buffer.byteLength(part));
      return [length, Buffer.from(part)];
    }),
  );
  const box = (plain: Buffer, by: Buffer): Buffer => {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', by, iv, { authTagLength: 16 }).setAAD(bound);
    const body = Buffer.concat([cipher.update(plain), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), body]);
  };
  const dataKey = randomBytes(32);
  const head = Buffer.concat([Buffer.from([1]), Buffer.from(key.id, 'hex')]);
  return Buffer.concat([head, box(dataKey, key.bytes), box(value, dataKey)]);
}

async function openVault(t: Test) {
  const directory = temporaryDirectory(t);
  const ledger = await openTestLedger(join(directory, 'ledger.db'));
  t.teardown(() => ledger.close());
  const vault = new Vault(ledger, new Keys({ keyFile: join(directory, 'vault.key'), keyCommand: undefined }));
  const scope = await findWorkspace(ledger.db, 'local/main');
  const rows = async () =>
    (await ledger.db.selectFrom('secret_versions').selectAll().orderBy('name').execute()).map((row) => ({
      ...row,
      sealed: Buffer.from(row.sealed as ArrayBuffer),
    }));
  return { ledger, vault, scope, rows };
}

onEachLedger('decrypts format 1, and converts it to format 2 by a rekey or the next set', async (t) => {
  const { ledger, vault, scope, rows } = await openVault(t);
  const values = new Map([
    ['AA_KEY', randomBytes(40)],
    ['BB_KEY', randomBytes(7)],
  ]);
  for (const [name, value] of values) await vault.set(user, scope, name, new SecretValue(value));
  const key = await vault.keys.current(false);
  for (const row of await rows()) {
    const sealed = sealedAsFormat1(values.get(row.name) ?? Buffer.alloc(0), contextOf(ledger.id, row), key);
    await ledger.write((db) =>
      db.updateTable('secret_versions').set({ sealed }).where('name', '=', row.name).execute(),
    );
  }
  const formats = async (): Promise<unknown> => (await rows()).map(({ sealed }) => sealed[0]);
  const assertOpen = async (): Promise<void> => {
    for (const { secretId, name, version } of await vault.versions(ledger.db, scope))
      t.same((await vault.open(secretId, version)).open(), values.get(name), name);
  };
  t.same(await formats(), [1, 1]);
  await assertOpen();
  values.set('BB_KEY', randomBytes(12));
  await vault.set(user, scope, 'BB_KEY', new SecretValue(values.get('BB_KEY') ?? Buffer.alloc(0)));
  t.same(await formats(), [1, 2], 'set');
  await assertOpen();
  t.equal(await rekey(ledger, vault, user, 'file', undefined), 2);
  t.same(await formats(), [2, 2], 'rekeyed');
  await assertOpen();
});

onEachLedger(
  'rejects an old encrypted value that was restored for a secret that was removed and set again',
  async (t) => {
    const { ledger, vault, scope, rows } = await openVault(t);
    await vault.set(user, scope, 'AA_KEY', new SecretValue(Buffer.from('stolen')));
    const [old] = await rows();
    await vault.remove(user, scope, 'AA_KEY');
    await vault.set(user, scope, 'AA_KEY', new SecretValue(Buffer.from('chosen')));
    const [now] = await rows();
    if (old === undefined || now === undefined) throw new Error('the ledger has no encrypted value');
    t.not(now.secret_id, old.secret_id);
    t.not(now.version, old.version);
    await ledger.write((db) => db.updateTable('secret_versions').set({ sealed: old.sealed }).execute());
    await t.rejects(vault.open(now.secret_id, now.version), { code: 'secret-corrupt' });
    const key = await vault.keys.current(false);
    // Not only because of the version: the secret id is authenticated too, and the format cannot be downgraded.
    const context = contextOf(ledger.id, now);
    const sealed = seal(new SecretValue(Buffer.from('x')), context, key);
    t.throws(() => open(sealed, { ...context, secret: old.secret_id }, key), { code: 'secret-corrupt' });
    sealed[0] = 1;
    t.throws(() => open(sealed, context, key), { code: 'secret-corrupt' });
  },
);
