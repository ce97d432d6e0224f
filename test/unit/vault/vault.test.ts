import { inspect } from 'node:util';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { EscrowError } from '../../../daemon/errors.ts';
import { resolveSecrets } from '../../../daemon/sources/resolve.ts';
import type { SecretCandidate } from '../../../daemon/sources/source.ts';
import { open, seal, vaultKey } from '../../../daemon/vault/encryption.ts';
import { secretValueFrom } from '../../../daemon/vault/secret-bytes.ts';
import { isSecretName } from '../../../daemon/contract/secret-name.ts';
import { SecretValue } from '../../../daemon/vault/secret-value.ts';

const context = { ledger: 'l', scope: 's', secret: 'i', name: 'NAME', version: 1 };

void t.test('decrypts the exact bytes that were encrypted', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 5000 }), (bytes) => {
      const key = vaultKey(randomBytes(32));
      const sealed = seal(new SecretValue(bytes), context, key);
      return open(sealed, context, key).open().equals(Buffer.from(bytes));
    }),
  );
  t.pass('property holds');
});

void t.test('fails to decrypt after a bit flip, in another context or with another key', async (t) => {
  const key = vaultKey(randomBytes(32));
  const sealed = seal(new SecretValue(Buffer.from('value of the test')), context, key);
  for (let index = 0; index < sealed.length * 8; index += 7) {
    const changed = Buffer.from(sealed);
    changed[index >> 3] = (changed[index >> 3] ?? 0) ^ (1 << (index & 7));
    try {
      open(changed, context, key);
      t.fail(`a flip of bit ${String(index)} was not detected`);
    } catch (error) {
      if (!(error instanceof EscrowError)) throw error;
    }
  }
  t.throws(() => open(sealed.subarray(0, 20), context, key), { code: 'secret-corrupt' });
  for (const other of [{ ledger: 'x' }, { scope: 'x' }, { secret: 'x' }, { name: 'OTHER' }, { version: 2 }]) {
    t.throws(() => open(sealed, { ...context, ...other }, key), { code: 'secret-corrupt' });
  }
  t.throws(() => open(sealed, context, vaultKey(randomBytes(32))), { code: 'vault-key-mismatch' });
});

void t.test('prints a value as [secret]', async (t) => {
  const text = randomBytes(12).toString('hex');
  const value = new SecretValue(Buffer.from(text));
  const shown = [
    String(value),
    JSON.stringify({ value }),
    inspect({ value }, { showHidden: true, depth: 9 }),
    inspect(new Error('x', { cause: value })),
  ];
  for (const line of shown) {
    t.notOk(line.includes(text));
    t.ok(line.includes('[secret]'));
  }
});

void t.test("accepts the same names of secrets as Nextflow's own pattern", async (t) => {
  // Nextflow's pattern, SecretsHelper.groovy. Names are short here because it backtracks exponentially.
  const nextflows = /^[a-zA-Z_](?:[0-9A-Za-z]+|(_)(?!\1)){1,49}$/;
  const letter = fc.constantFrom('a', 'Z', '_', '_', '0', '9', '-', 'é');
  fc.assert(
    fc.property(fc.array(letter, { maxLength: 12 }), (letters) => {
      const name = letters.join('');
      return isSecretName(name) === (nextflows.test(name) && !name.startsWith('__'));
    }),
    { numRuns: 3000 },
  );
  t.ok(isSecretName(`a${'b'.repeat(49)}`));
  t.notOk(isSecretName(`a${'b'.repeat(50)}`));
  t.notOk(isSecretName(`${'a'.repeat(49)}!`));
  t.notOk(isSecretName('AB\n'));
});

void t.test('accepts values of 1 byte to 64 KiB without NUL', async (t) => {
  t.throws(() => secretValueFrom('AB', Buffer.alloc(0)), { code: 'value-invalid' });
  t.throws(() => secretValueFrom('AB', Buffer.from('a\0b')), { code: 'value-invalid' });
  t.throws(() => secretValueFrom('AB', Buffer.alloc(65_537, 97)), { code: 'value-invalid' });
  t.equal(secretValueFrom('AB', Buffer.alloc(65_536, 97)).open().length, 65_536);
});

void t.test('prefers user secrets over the workspace, and the workspace over the local store', async (t) => {
  const scope = fc.constantFrom('user' as const, 'workspace' as const, 'local' as const);
  const candidate = fc.record({ name: fc.constantFrom('AA', 'BB', 'CC'), scope });
  const key = (c: { name: string; scope: string }): string => `${c.name} ${c.scope}`;
  fc.assert(
    fc.property(fc.uniqueArray(candidate, { selector: key }), (list) => {
      const candidates: SecretCandidate[] = list.map((entry) => ({
        ...entry,
        secretId: null,
        version: null,
      }));
      const resolved = resolveSecrets(candidates, {});
      const names = new Set(list.map(({ name }) => name));
      return (
        resolved.length === names.size &&
        resolved.every(({ name, scope: won, overrides }) => {
          const scopes = ['user', 'workspace', 'local'].filter((wanted) =>
            list.some((entry) => entry.name === name && entry.scope === wanted),
          );
          return scopes[0] === won && scopes.slice(1).join() === overrides.join();
        })
      );
    }),
  );
  const both: SecretCandidate[] = [
    { name: 'AA', scope: 'user', secretId: 'u', version: 1 },
    { name: 'AA', scope: 'workspace', secretId: 'w', version: 1 },
  ];
  t.match(resolveSecrets(both, { only: [{ name: 'AA', scope: 'workspace' }] }), [
    { secretId: 'w', overrides: [] },
  ]);
  t.throws(() => resolveSecrets(both, { only: [{ name: 'BB', scope: null }] }), {
    code: 'secret-not-available',
  });
  t.same(resolveSecrets(both, { none: true }), []);
});
