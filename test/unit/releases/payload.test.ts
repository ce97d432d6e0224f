import { randomBytes } from 'node:crypto';
import { Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import t from 'tap';
import { decryptPayload, encryptPayload, type ReleaseTerms } from '../../../daemon/releases/payload.ts';
import { SecretValue } from '../../../daemon/vault/secret-value.ts';

const terms: ReleaseTerms = {
  release: '5f0c7d9e-8a51-4f43-9d3c-6a4a1d2f7b10',
  run: 'r20261128a1b2c3d4',
  workspace: 'lab/rna',
  expires: '2026-11-28T10:00:00.000Z',
};

async function keys(): Promise<{ readonly identity: string; readonly recipient: string }> {
  const identity = await generateX25519Identity();
  return { identity, recipient: await identityToRecipient(identity) };
}

async function encrypted(recipient: string, content: unknown): Promise<string> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  return Buffer.from(await encrypter.encrypt(text)).toString('base64');
}

void t.test('returns the exact bytes, and contains them only encrypted', async (t) => {
  const { identity, recipient } = await keys();
  const bytes = Buffer.from(randomBytes(64).map((byte) => byte || 1));
  const secrets = [
    { name: 'A_KEY', version: 3, value: new SecretValue(bytes) },
    { name: 'B_KEY', version: 1, value: new SecretValue(Buffer.from('x')) },
  ];
  const payload = await encryptPayload(terms, secrets, recipient);
  const raw = Buffer.from(payload, 'base64').toString('latin1');
  t.notOk(raw.includes(bytes.toString('base64')));
  t.notOk(raw.includes('A_KEY'));
  const values = await decryptPayload(payload, identity, terms, secrets.toReversed());
  t.same([...values.keys()], ['A_KEY', 'B_KEY']);
  t.ok(values.get('A_KEY')?.open().equals(bytes));
});

void t.test('refuses a payload that differs from the request in any term', async (t) => {
  const { identity, recipient } = await keys();
  const secrets = [{ name: 'A_KEY', version: 3, value: new SecretValue(Buffer.from('x')) }];
  for (const term of ['release', 'run', 'workspace', 'expires'] as const) {
    const payload = await encryptPayload({ ...terms, [term]: 'other' }, secrets, recipient);
    await t.rejects(decryptPayload(payload, identity, terms, secrets), {
      code: 'release-invalid',
      message: new RegExp(`its ${term} differs`),
    });
  }
  const payload = await encryptPayload(terms, secrets, recipient);
  for (const requested of [
    [],
    [{ name: 'A_KEY', version: 2 }],
    [{ name: 'B_KEY', version: 3 }],
    [...secrets, { name: 'B_KEY', version: 1 }],
  ])
    await t.rejects(decryptPayload(payload, identity, terms, requested), { code: 'release-invalid' });
});

void t.test('refuses what is not a payload for this key, without quoting it', async (t) => {
  const [{ identity, recipient }, other] = [await keys(), await keys()];
  const canary = `canary-${randomBytes(8).toString('hex')}`;
  const content = { format: 'nf-escrow-release-1', ...terms };
  const secret = { name: 'A_KEY', version: 1 };
  const wrong = [
    '',
    'AAAA',
    await encrypted(other.recipient, { ...content, secrets: [{ ...secret, valueBase64: 'eA==' }] }),
    await encrypted(recipient, canary),
    await encrypted(recipient, null),
    await encrypted(recipient, { ...content, format: canary }),
    await encrypted(recipient, { ...content, secrets: canary }),
    await encrypted(recipient, { ...content, secrets: [null] }),
    await encrypted(recipient, { ...content, secrets: [secret] }),
    await encrypted(recipient, { ...content, secrets: [{ ...secret, valueBase64: `${canary}!` }] }),
    await encrypted(recipient, { ...content, secrets: [{ ...secret, valueBase64: '' }] }),
    await encrypted(recipient, { ...content, secrets: [{ ...secret, valueBase64: 'AA==' }] }),
  ];
  for (const payload of wrong) {
    const error = await decryptPayload(payload, identity, terms, [secret]).catch((thrown: unknown) => thrown);
    t.match(error, { code: 'release-invalid' });
    t.notMatch((error as Error).message, canary);
  }
});
