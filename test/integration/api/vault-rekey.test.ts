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

/** A rekey that is refused, by command and by API; nothing of the vault is changed. */
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
  t.equal(answer.status, 422, 'no fault of the daemon');
  await refuses(t, box, ['vault', 'rekey', ...(source === 'command' ? ['--command'] : [])], [exit, detail]);
  t.ok(readFileSync(keyFile).equals(before), 'the key file is as it was');
}

void t.test('answers a rekey whose key command fails as a configuration error', async (t) => {
  const box = new Sandbox(t);
  const told = randomBytes(8).toString('hex');
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: 'value' });
  await accepts(t, box, ['daemon', 'stop']);
  const keyFile = join(box.state, 'vault.key');
  const script = join(box.directory, 'key-command');
  writeFileSync(join(box.state, 'config.yaml'), `vaultKeyCommand: "sh ${script}"\n`, { mode: 0o600 });
  await accepts(t, box, ['daemon', 'start']);
  writeFileSync(script, `echo ${told} >&2; exit 3`);
  const expected = [78, 'vault-key-command-failed', /failed: it ended with 3/] as const;
  await refusesRekey(t, box, keyFile, expected, 'command');
  t.notOk(readFileSync(join(box.state, 'daemon.log')).includes(told), 'what it printed is in no log');
  const status = await box.json<VaultStatus>(['vault', 'status']);
  t.match(status, { state: 'open', source: 'file', pendingRekey: 0, pendingErasure: null });
});

void t.test('answers a rekey whose key file cannot be written as a configuration error', async (t) => {
  const box = new Sandbox(t);
  const disk = smallDisk(t, join(box.directory, 'config'), 64);
  if (disk === undefined) return;
  // The key is on the small disk, and the rest is not: the daemon of such a home goes by the XDG directories.
  delete box.env['NF_ESCROW_HOME'];
  box.env['XDG_CONFIG_HOME'] = join(box.directory, 'config');
  box.env['XDG_STATE_HOME'] = join(box.directory, 'xdg');
  symlinkSync(join(box.directory, 'xdg/nf-escrow'), box.state);
  const keyFile = join(box.directory, 'config/nf-escrow/vault.key');
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: 'value' });
  disk.fill();
  const refused = (code: string): RegExp => new RegExp(`Cannot write [^]*vault\\.key": ${code}`);
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

void t.test('reports whatever else keeps a key from being made as a configuration error', async (t) => {
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, 'file'), '');
  const below = new Keys({ keyFile: join(directory, 'file/nf-escrow/vault.key'), keyCommand: undefined });
  await t.rejects(below.add('file', undefined), { code: 'vault-key-file-unusable', message: /ENOTDIR/ });
  await t.rejects(below.current(true), { code: 'vault-key-file-unusable' });
  for (const [keyCommand, message] of [
    [undefined, /none is set/],
    ['true', /printed nothing/],
    ['head -c 100000 /dev/zero', /ended with ERR_CHILD_PROCESS_STDIO_MAXBUFFER/],
    ['/does/not/exist', /ended with 127/],
    ['echo \0', /has a NUL/],
  ] as const) {
    const keys = new Keys({ keyFile: join(directory, 'vault.key'), keyCommand });
    await t.rejects(keys.add('command', undefined), { code: 'vault-key-command-failed', message });
    await t.rejects(keys.add('passphrase', undefined), { code: 'request-invalid' });
  }
  t.notOk(existsSync(join(directory, 'vault.key')));
});
