import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import t, { type Test } from 'tap';
import { createOrganization } from '../../../daemon/access/organizations.ts';
import { machineUser } from '../../../daemon/access/principal.ts';
import { findWorkspace, userScope, type SecretScope } from '../../../daemon/access/scopes.ts';
import { createWorkspace } from '../../../daemon/access/workspaces.ts';
import type { Ledger } from '../../../daemon/ledger/ledger.ts';
import { identityFor, recipientFor } from '../../../daemon/vault/transfer/age-passphrase.ts';
import { exportVault } from '../../../daemon/vault/transfer/export.ts';
import { importVault } from '../../../daemon/vault/transfer/import.ts';
import { Keys } from '../../../daemon/vault/keys/keys.ts';
import { SecretValue } from '../../../daemon/vault/secret-value.ts';
import { Vault } from '../../../daemon/vault/vault.ts';
import { onEachLedger } from '../../support/each-ledger.ts';
import { openTestLedger } from '../../support/test-ledger.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const user = machineUser();

async function open(t: Test): Promise<{ ledger: Ledger; vault: Vault }> {
  const directory = temporaryDirectory(t);
  const ledger = await openTestLedger(join(directory, 'ledger.db'));
  t.teardown(() => ledger.close());
  const keys = new Keys({ keyFile: join(directory, 'vault.key'), keyCommand: undefined });
  return { ledger, vault: new Vault(ledger, keys) };
}

async function values(ledger: Ledger, vault: Vault, scope: SecretScope): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const { name, secretId, version } of await vault.versions(ledger.db, scope))
    found[name] = (await vault.open(secretId, version)).open().toString('hex');
  return found;
}

onEachLedger('exports encrypted, and imports the exact bytes into another ledger', async (t) => {
  const from = await open(t);
  await createOrganization(from.ledger, user, 'lab');
  await createWorkspace(from.ledger, user, { organization: 'lab', name: 'rna', visibility: 'shared' });
  const workspace = await findWorkspace(from.ledger.db, 'lab/rna');
  const own = await userScope(from.ledger.db, user);
  const bytes = randomBytes(60_000).map((byte) => byte || 1);
  await from.vault.set(user, workspace, 'FOO_KEY', new SecretValue(bytes));
  await from.vault.set(user, own, 'OWN_KEY', new SecretValue(Buffer.from('\n"`$\\ü')));
  const identity = await generateX25519Identity();
  const recipients = [await identityToRecipient(identity)];
  const passphrase = randomBytes(9).toString('hex');
  for (const [forWhom, opener] of [
    [{ passphrase }, { passphrase }],
    [{ recipients }, { identities: [identity] }],
  ] as const) {
    const text = await exportVault(from.ledger, from.vault, user, forWhom);
    t.notOk(text.includes('FOO_KEY'));
    const to = await open(t);
    const result = await importVault(to.ledger, to.vault, user, text, opener, 'refuse');
    t.match(result, { created: ['lab/rna FOO_KEY', 'user OWN_KEY'] });
    const there = await findWorkspace(to.ledger.db, 'lab/rna');
    t.equal(there.visibility, 'shared');
    t.same(await values(to.ledger, to.vault, there), await values(from.ledger, from.vault, workspace));
    const theirs = await userScope(to.ledger.db, user);
    t.same(await values(to.ledger, to.vault, theirs), await values(from.ledger, from.vault, own));
    if ('passphrase' in opener) continue; // key derivation is slow
    const again = importVault(to.ledger, to.vault, user, text, opener, 'refuse');
    await t.rejects(again, { code: 'import-conflict' });
    t.match(await importVault(to.ledger, to.vault, user, text, opener, 'skip'), {
      skipped: ['lab/rna FOO_KEY', 'user OWN_KEY'],
    });
  }
  await t.rejects(exportVault(from.ledger, from.vault, user, { recipients: [identity] }), {
    code: 'request-unprocessable',
    message: /not an age public key/,
  });
});

onEachLedger('changes nothing if an import fails', async (t) => {
  const from = await open(t);
  const main = await findWorkspace(from.ledger.db, 'local/main');
  await from.vault.set(user, main, 'AA_KEY', new SecretValue(Buffer.from('a')));
  await from.vault.set(
    user,
    await userScope(from.ledger.db, user),
    'BB_KEY',
    new SecretValue(Buffer.from('b')),
  );
  const identities = [await generateX25519Identity()];
  const recipients = await Promise.all(identities.map(identityToRecipient));
  const text = await exportVault(from.ledger, from.vault, user, { recipients });
  const to = await open(t);
  const own = await userScope(to.ledger.db, user);
  await to.vault.set(user, own, 'BB_KEY', new SecretValue(Buffer.from('mine')));
  await t.rejects(importVault(to.ledger, to.vault, user, text, { identities }, 'refuse'), {
    code: 'import-conflict',
    message: /BB_KEY/,
  });
  t.same(await values(to.ledger, to.vault, await findWorkspace(to.ledger.db, 'local/main')), {});
  for (const [bad, opener] of [
    [text, { identities: [await generateX25519Identity()] }],
    [text.slice(0, 200), { identities }],
    ['no age file', { identities }],
    [text, { passphrase: 'a passphrase' }],
    [text, { identities: ['AGE-SECRET-KEY-1NONSENSE'] }],
  ] as const)
    await t.rejects(importVault(to.ledger, to.vault, user, bad, opener, 'replace'), {
      code: 'import-invalid',
    });
  t.same(await values(to.ledger, to.vault, own), { BB_KEY: Buffer.from('mine').toString('hex') });
});

void t.test('encrypts with a passphrase as age does, without blocking the event loop', async (t) => {
  const passphrase = randomBytes(9).toString('hex');
  const text = randomBytes(20).toString('hex');
  const ours = new Encrypter();
  ours.addRecipient(recipientFor(passphrase, 10));
  const theirs = new Encrypter();
  theirs.setPassphrase(passphrase);
  theirs.setScryptWorkFactor(10);
  const byUs = new Decrypter();
  byUs.addIdentity(identityFor(passphrase));
  const byThem = new Decrypter();
  byThem.addPassphrase(passphrase);
  t.equal(await byThem.decrypt(await ours.encrypt(text), 'text'), text, "age's library decrypts ours");
  t.equal(await byUs.decrypt(await theirs.encrypt(text), 'text'), text, 'ours decrypts that of the library');
  const other = new Decrypter();
  other.addIdentity(identityFor(`${passphrase}x`));
  await t.rejects(other.decrypt(await ours.encrypt(text)), 'wrong passphrase');

  let rounds = 0;
  const timer = setInterval(() => (rounds += 1), 1);
  const full = new Encrypter();
  full.addRecipient(recipientFor(passphrase));
  const sealed = await full.encrypt(text);
  clearInterval(timer);
  t.ok(rounds > 10, `timers fire during the derivation: ${String(rounds)}`);
  // A cost that exceeds all memory is rejected before memory is allocated.
  const costly = Buffer.from(sealed)
    .toString('latin1')
    .replace(/^(-> scrypt \S+) 18$/m, '$1 63');
  await t.rejects(byUs.decrypt(Buffer.from(costly, 'latin1')), /unsupported scrypt stanza/);
});
