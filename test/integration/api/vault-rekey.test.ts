import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Keys } from '../../../daemon/vault/keys/keys.ts';
import type { VaultStatus } from '../../../daemon/contract/types.ts';
import { accepts, refuses } from '../../support/hostile.ts';
import { smallDisk } from '../../support/mounts.ts';
import { Sandbox } from '../../support/sandbox.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

/** Asserts that a rekey fails, by command and by API, and changes nothing. */
async function refusesRekey(
  t: Test,
  box: Sandbox,
  keyFile: string,
  [exit, code, detail]: readonly [number, string, RegExp],
  source: 'command' | 'file' = 'file',
): Promise<void> {
  const before = readFileSync(keyFile);
  const answer = await box.http('POST', '/v1/vault/rekey', { source });
  t.match(JSON.parse(answer.text), { code, status: answer.status, detail }, code);
  t.equal(answer.status, 422, 'not a server error');
  await refuses(t, box, ['vault', 'rekey', ...(source === 'command' ? ['--command'] : [])], [exit, detail]);
  t.ok(readFileSync(keyFile).equals(before), 'the key file is unchanged');
}

void t.test('reports a failed key command as a configuration error', async (t) => {
  const box = new Sandbox(t);
  const printed = randomBytes(8).toString('hex');
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: 'value' });
  await accepts(t, box, ['daemon', 'stop']);
  const keyFile = join(box.state, 'vault.key');
  const script = join(box.directory, 'key-command');
  writeFileSync(join(box.state, 'config.yaml'), `vaultKeyCommand: "sh ${script}"\n`, { mode: 0o600 });
  await accepts(t, box, ['daemon', 'start']);
  writeFileSync(script, `echo ${printed} >&2; exit 3`);
  const expected = [78, 'vault-key-command-failed', /failed: it exited with 3/] as const;
  await refusesRekey(t, box, keyFile, expected, 'command');
  t.notOk(readFileSync(join(box.state, 'daemon.log')).includes(printed), 'its output is not in the log');
  const status = await box.json<VaultStatus>(['vault', 'status']);
  t.match(status, { state: 'open', source: 'file', pendingRekey: 0, pendingErasure: null });
});

void t.test('reports a key file that cannot be written as a configuration error', async (t) => {
  const box = new Sandbox(t);
  const disk = smallDisk(t, join(box.directory, 'config'), 64);
  if (disk === undefined) return;
  // Only the key is on the small disk: without NF_ESCROW_HOME, the daemon uses the XDG directories.
  delete box.env['NF_ESCROW_HOME'];
  box.env['XDG_CONFIG_HOME'] = join(box.directory, 'config');
  box.env['XDG_STATE_HOME'] = join(box.directory, 'xdg');
  symlinkSync(join(box.directory, 'xdg/nf-escrow'), box.state);
  const keyFile = join(box.directory, 'config/nf-escrow/vault.key');
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: 'value' });
  disk.fill();
  const refused = (code: string): RegExp => new RegExp(`Cannot write [^]*vault\\.key": .* \\(${code}\\)\\.`);
  await refusesRekey(t, box, keyFile, [78, 'vault-key-file-unusable', refused('ENOSPC')]);
  disk.empty();
  disk.readOnly();
  await refusesRekey(t, box, keyFile, [78, 'vault-key-file-unusable', refused('EROFS')]);
  disk.writable();
  chmodSync(keyFile, 0o640);
  await refusesRekey(t, box, keyFile, [77, 'permissions-too-open', /mode 0640/]);
  chmodSync(keyFile, 0o600);
  await accepts(t, box, ['vault', 'rekey']);
});

void t.test('reports every other reason why no key can be created as a configuration error', async (t) => {
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, 'file'), '');
  const below = new Keys({ keyFile: join(directory, 'file/nf-escrow/vault.key'), keyCommand: undefined });
  await t.rejects(below.add('file', undefined), { code: 'vault-key-file-unusable', message: /ENOTDIR/ });
  await t.rejects(below.current(true), { code: 'vault-key-file-unusable' });
  for (const [keyCommand, message] of [
    [undefined, /vaultKeyCommand is not set/],
    ['true', /printed nothing/],
    ['head -c 100000 /dev/zero', /printed more than 65536 characters/],
    ['/does/not/exist', /exited with 127/],
    ['echo \0', /contains a NUL/],
  ] as const) {
    const keys = new Keys({ keyFile: join(directory, 'vault.key'), keyCommand });
    await t.rejects(keys.add('command', undefined), { code: 'vault-key-command-failed', message });
    await t.rejects(keys.add('passphrase', undefined), { code: 'request-unprocessable' });
  }
  t.notOk(existsSync(join(directory, 'vault.key')));
});
