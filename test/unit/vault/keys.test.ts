import { randomBytes } from 'node:crypto';
import { chmodSync, copyFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { machineUser } from '../../../daemon/access/principal.ts';
import { userScope } from '../../../daemon/access/scopes.ts';
import type { Ledger } from '../../../daemon/ledger/ledger.ts';
import { openPostgresLedger } from '../../../daemon/ledger/postgres/open.ts';
import { choosePreparedKey, prepareKey } from '../../../daemon/vault/keys/chosen-key.ts';
import { idOf } from '../../../daemon/vault/keys/key-ring.ts';
import { Keys } from '../../../daemon/vault/keys/keys.ts';
import { finishRekey, keysInUse, rekey } from '../../../daemon/vault/keys/rekey.ts';
import { SecretValue } from '../../../daemon/vault/secret-value.ts';
import { Vault } from '../../../daemon/vault/vault.ts';
import { onEachLedger, openInPostgres } from '../../support/each-ledger.ts';
import { openTestLedger } from '../../support/test-ledger.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const user = machineUser();

interface Opened {
  readonly ledger: Ledger;
  readonly vault: Vault;
  readonly keyFile: string;
  readonly set: (name: string, value: Buffer) => Promise<void>;
  /** Sets KEY_0, KEY_1, … in one transaction. */
  readonly fill: (count: number, value: Buffer) => Promise<void>;
  readonly get: (name: string) => Promise<Buffer | undefined>;
}

/** Opens the vault in a directory, like a daemon that has just started. */
async function openVault(t: Test, directory: string, keyCommand?: string): Promise<Opened> {
  const ledger = await openTestLedger(join(directory, 'ledger.db'));
  t.teardown(() => ledger.close());
  const keyFile = join(directory, 'vault.key');
  const vault = new Vault(ledger, new Keys({ keyFile, keyCommand }));
  const scope = await userScope(ledger.db, user);
  return {
    ledger,
    vault,
    keyFile,
    set: async (name, value) => {
      await vault.set(user, scope, name, new SecretValue(value));
    },
    fill: async (count, value) => {
      const names = Array.from({ length: count }, (_, index) => `KEY_${String(index)}`);
      const values = new Map(names.map((name) => [name, new SecretValue(value)]));
      await vault.setAll(user, scope, values, 'refuse');
    },
    get: async (name) => {
      const found = (await vault.versions(ledger.db, scope)).find((version) => version.name === name);
      return found && (await vault.open(found.secretId, found.version)).open();
    },
  };
}

const passphrase = randomBytes(12);

/** Completes rekeys that are so old that a shared ledger does not keep their old keys. */
async function finishLater({ ledger, vault }: Pick<Opened, 'ledger' | 'vault'>): Promise<void> {
  const clock = { now: () => ledger.clock.now() + 25 * 3600 * 1000 };
  // Twice: the first call records a rekey that was interrupted before that.
  for (let time = 0; time < 2; time += 1) await finishRekey({ ...ledger, clock }, vault);
}

onEachLedger('rekeys between key file, passphrase and command, and still decrypts every value', async (t) => {
  const directory = temporaryDirectory(t);
  const keyText = join(directory, 'key-text');
  writeFileSync(keyText, randomBytes(20).toString('hex'));
  const command = `cat '${keyText}'`;
  const value = randomBytes(40);
  const first = await openVault(t, directory, command);
  await first.set('FOO_KEY', value);
  for (const source of ['passphrase', 'command', 'file'] as const) {
    const { ledger, vault } = await openVault(t, directory, command);
    if (source === 'command') await vault.keys.unlock(passphrase);
    t.equal(await rekey(ledger, vault, user, source, passphrase), 1, source);
    await finishLater({ ledger, vault });
    const again = await openVault(t, directory, command);
    if (source === 'passphrase') {
      await t.rejects(again.get('FOO_KEY'), { code: 'vault-locked' });
      await t.rejects(again.set('BAR_KEY', value), { code: 'vault-locked' });
      await t.rejects(again.vault.keys.unlock(randomBytes(12)), { code: 'passphrase-wrong' });
      await again.vault.keys.unlock(passphrase);
    }
    t.same(await again.get('FOO_KEY'), value);
    t.equal(readFileSync(first.keyFile, 'utf8').split('\n').length, 2, 'one key remains');
    t.notOk(readFileSync(first.keyFile).includes(passphrase));
  }
});

onEachLedger(
  'reports a key command that fails, prints nothing or another key, without quoting its output',
  async (t) => {
    const directory = temporaryDirectory(t);
    const printed = randomBytes(8).toString('hex');
    const { ledger, vault, set } = await openVault(t, directory, `echo ${printed}`);
    await set('FOO_KEY', Buffer.from('value'));
    await rekey(ledger, vault, user, 'command', undefined);
    for (const [command, code] of [
      [`echo ${printed} >&2; exit 3`, 'vault-key-command-failed'],
      ['true', 'vault-key-command-failed'],
      [`echo ${printed}x`, 'vault-key-mismatch'],
      [undefined, 'vault-key-command-failed'],
    ] as const) {
      const { get } = await openVault(t, directory, command);
      const error = await get('FOO_KEY').then(
        () => undefined,
        (thrown: unknown) => thrown as Error,
      );
      t.match(error, { code });
      t.notOk(error?.message.includes(printed));
    }
  },
);

onEachLedger('loses no value if a rekey is interrupted at any write, and completes it later', async (t) => {
  const count = 450; // three transactions
  for (let stopAt = 0; stopAt < 7; stopAt += 1) {
    const directory = temporaryDirectory(t);
    const { ledger, vault, set, get, fill } = await openVault(t, directory);
    const value = randomBytes(16);
    await fill(count, value);
    let writes = 0;
    const failing: Ledger = {
      ...ledger,
      write: (work) => {
        writes += 1;
        // Fails before a transaction, or within it, so that it is rolled back.
        if (writes === stopAt) return Promise.reject(new Error('interrupted'));
        if (writes === stopAt - 3) return ledger.write(async (db) => interrupted(await work(db)));
        return ledger.write(work);
      },
    };
    const ended = await rekey(failing, vault, user, 'file', undefined).then(
      () => true,
      () => false,
    );
    t.equal(ended, stopAt === 0, `stopped at write ${String(stopAt)}`);
    for (const index of [0, 199, 200, count - 1]) t.same(await get(`KEY_${String(index)}`), value);
    await set('MEANWHILE', value);
    const next = await openVault(t, directory);
    await finishRekey(next.ledger, next.vault);
    t.equal((await keysInUse(next.ledger.db)).length, 1);
    await finishLater(next);
    t.equal(next.vault.keys.ring()?.length, 1);
    for (const index of [0, 199, 200, count - 1]) t.same(await next.get(`KEY_${String(index)}`), value);
    t.same(await next.get('MEANWHILE'), value);
  }
});

function interrupted(_done: unknown): never {
  throw new Error('interrupted within');
}

onEachLedger('loses no value that is set during a rekey, and rejects a second rekey', async (t) => {
  const { ledger, vault, set, get, fill } = await openVault(t, temporaryDirectory(t));
  const value = randomBytes(16);
  await fill(300, value);
  const names = Array.from({ length: 60 }, (_, index) => `NEW_${String(index)}`);
  await Promise.all([
    rekey(ledger, vault, user, 'file', undefined),
    ...names.map(async (name) => set(name, value)),
    t.rejects(rekey(ledger, vault, user, 'file', undefined), { code: 'state-conflict' }),
  ]);
  for (const name of names) t.same(await get(name), value);
  t.equal((await keysInUse(ledger.db)).length, 1);
});

void t.test('keeps the old key of a shared ledger while another process may encrypt with it', async (t) => {
  const { ledger, url } = (await openInPostgres(t)) ?? {};
  if (ledger === undefined || url === undefined) return;
  const directory = temporaryDirectory(t);
  const [here, there] = ['here', 'there'].map((name) => join(directory, name));
  if (here === undefined || there === undefined) return;
  const vault = new Vault(ledger, new Keys({ keyFile: here, keyCommand: undefined }));
  const scope = await userScope(ledger.db, user);
  const value = randomBytes(16);
  await vault.set(user, scope, 'FOO_KEY', new SecretValue(value));
  copyFileSync(here, there); // the key file of another replica
  const other = await openPostgresLedger(url, { connections: 2 });
  t.teardown(() => other.close());
  await rekey(ledger, vault, user, 'file', undefined);
  const theirs = new Vault(other, new Keys({ keyFile: there, keyCommand: undefined }));
  await ledger.db.deleteFrom('secret_versions').execute(); // values of the new key, which the other replica does not have yet
  await theirs.set(user, scope, 'BAR_KEY', new SecretValue(value));
  await finishLater({ ledger, vault });
  const [row] = (await vault.versions(ledger.db, scope)).filter(({ name }) => name === 'BAR_KEY');
  const opened = await vault.open(row?.secretId ?? '', row?.version ?? 0);
  t.same(opened.open(), value, 'encrypted with the old key after the rekey');
  t.equal((await keysInUse(ledger.db)).length, 1);
  t.equal(vault.keys.ring()?.length, 1, 'the old key is removed once no value needs it');
});

onEachLedger(
  'distinguishes a missing, replaced, readable or invalid key file, and encrypts nothing meanwhile',
  async (t) => {
    const directory = temporaryDirectory(t);
    const { keyFile, set, get, vault, ledger } = await openVault(t, directory);
    const value = randomBytes(16);
    await set('FOO_KEY', value);
    const aside = `${keyFile}.aside`;
    renameSync(keyFile, aside);
    await t.rejects(get('FOO_KEY'), { code: 'vault-key-missing' });
    await t.rejects(set('BAR_KEY', value), { code: 'vault-key-missing' });
    await t.rejects(rekey(ledger, vault, user, 'file', undefined), { code: 'vault-key-missing' });
    for (const [text, code] of [
      [`nf-escrow-key-1 ${randomBytes(32).toString('hex')}\n`, 'vault-key-mismatch'],
      ['', 'vault-key-mismatch'],
      ['some other file\n', 'vault-key-mismatch'],
      [
        `nf-escrow-key-2 passphrase ${'0'.repeat(16)} scrypt 99999999 999 1 ${'0'.repeat(32)}\n`,
        'vault-key-mismatch',
      ],
    ] as const) {
      writeFileSync(keyFile, text, { mode: 0o600 });
      await t.rejects(get('FOO_KEY'), { code });
      await t.rejects(set('BAR_KEY', value), { code });
      rmSync(keyFile);
    }
    renameSync(aside, keyFile);
    chmodSync(keyFile, 0o644);
    await t.rejects(get('FOO_KEY'), { code: 'permissions-too-open' });
    chmodSync(keyFile, 0o600);
    t.same(await get('FOO_KEY'), value, 'restored key file');
  },
);

onEachLedger('completing a rekey of a server keeps the key that the next one has prepared', async (t) => {
  const directory = temporaryDirectory(t);
  const { ledger, keyFile, set } = await openVault(t, directory);
  await set('API_KEY', randomBytes(20));
  const keys = new Keys({ keyFile, keyCommand: undefined, isFixed: true });
  const vault = new Vault(ledger, keys);
  const idsOf = (): string[] => (keys.ring() ?? []).map(idOf);
  const prepare = async (): Promise<string> => {
    const { id } = await keys.prepare('file', undefined);
    await ledger.write((db) => prepareKey(db, id));
    return id;
  };
  const first = await prepare();
  await ledger.write((db) => choosePreparedKey(db, first));
  await finishLater({ ledger, vault });
  t.same(idsOf(), [first]);
  const second = await prepare();
  await finishLater({ ledger, vault }); // a reload of the server
  t.same(idsOf(), [first, second]);
});

const WRAPPED = `nf-escrow-key-3 kms 0123456789abcdef arn:aws:kms:eu-west-1:123456789012:key/mrk-1 ${Buffer.from('x'.repeat(150)).toString('base64')}`;

void t.test('reads a key that AWS KMS decrypts, which no vault of a user can use', async (t) => {
  const keyFile = join(temporaryDirectory(t), 'vault.key');
  writeFileSync(keyFile, `${WRAPPED}\n`, { mode: 0o600 });
  const keys = new Keys({ keyFile, keyCommand: undefined });
  t.match(keys.ring(), [{ source: 'kms', id: '0123456789abcdef' }]);
  await t.rejects(keys.current(false), { code: 'vault-key-mismatch', message: /only a team server/ });
  t.same(await keys.usable(), []);
  await keys.prepare('file', undefined);
  t.equal(readFileSync(keyFile, 'utf8').split('\n')[0], WRAPPED, 'it is written as it was read');
});

void t.test('rejects a damaged line of AWS KMS', (t) => {
  const keyFile = join(temporaryDirectory(t), 'vault.key');
  const keys = new Keys({ keyFile, keyCommand: undefined });
  const [format = '', , id = '', arn = '', blob = ''] = WRAPPED.split(' ');
  const lines = [
    `${format} kms ${id} ${arn}`,
    `${format} kms ${id.slice(1)} ${arn} ${blob}`,
    `${format} kms ${id} ${arn.replace(':kms:', ':s3:')} ${blob}`,
    `${format} kms ${id} alias/nf-escrow ${blob}`,
    `${format} kms ${id} ${arn} ${blob}; rm`,
    `${format} kms ${id} ${arn} ${'A'.repeat(9000)}`,
  ];
  for (const line of lines) {
    writeFileSync(keyFile, `${line}\n`, { mode: 0o600 });
    t.throws(
      () => keys.ring(),
      { code: 'vault-key-mismatch', message: /a line that is not a key/ },
      line.slice(0, 60),
    );
  }
  t.end();
});
