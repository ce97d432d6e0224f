import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { findWorkspace } from '../../../../daemon/access/scopes.ts';
import { openLedger } from '../../../../daemon/ledger/sqlite/open.ts';
import { Keys } from '../../../../daemon/vault/keys/keys.ts';
import { Vault } from '../../../../daemon/vault/vault.ts';
import { accepts, newestRun, purged, refuses, soon } from '../../../support/hostile.ts';
import { root, Sandbox } from '../../../support/sandbox.ts';

const MAX = 65_536;
const mark = (): string => randomBytes(12).toString('hex');

void t.test('rejects invalid values and stores them nowhere', async (t) => {
  const box = new Sandbox(t);
  await accepts(t, box, ['secrets', 'set', 'KEPT_KEY'], { input: 'kept' });
  const [nul, long, endless] = [mark(), mark(), mark()];
  const cases: [Buffer, RegExp, string][] = [
    [Buffer.from(`${nul}\0x`), /FOO_KEY: the value contains a NUL at byte 25/, nul],
    [Buffer.from(long.padEnd(MAX + 1, 'x')), /FOO_KEY: its value has more than 65536 bytes/, long],
    [
      Buffer.from(endless.padEnd(4 * 1024 * 1024, 'x')),
      /FOO_KEY: its value has more than 65536 bytes/,
      endless,
    ],
    [Buffer.alloc(0), /FOO_KEY: the value is empty/, 'no such text anywhere'],
  ];
  for (const [value, message, text] of cases) {
    await refuses(t, box, ['secrets', 'set', 'FOO_KEY'], [64, message], { input: value });
    const file = join(box.launch, 'value');
    writeFileSync(file, value);
    await refuses(t, box, ['secrets', 'set', 'FOO_KEY', '--from-file', file], [64, message]);
    rmSync(file);
    t.same(box.filesWith(text), []);
    t.notMatch((await soon(t, box, ['daemon', 'logs'])).stdout, text);
  }
  t.match((await accepts(t, box, ['secrets', 'list'])).stdout, /^KEPT_KEY\t1\t/m);
  t.notMatch((await accepts(t, box, ['secrets', 'list'])).stdout, /FOO_KEY/);
});

void t.test('rejects a FIFO without a writer and other special files without waiting', async (t) => {
  const box = new Sandbox(t);
  const at = (name: string): string => join(box.launch, name);
  execFileSync('mkfifo', ['-m', '600', at('fifo')]);
  mkdirSync(at('directory'));
  const refused: [string[], RegExp][] = [
    [['fifo'], /the FIFO has no writer/],
    [['directory'], /it is a directory/],
    [['/dev/zero'], /not a regular file/],
    [['missing'], /ENOENT/],
  ];
  for (const [[file = ''], message] of refused)
    await refuses(t, box, ['secrets', 'set', 'FOO_KEY', '--from-file', file], [64, message]);
  for (const from of ['json', 'dotenv'])
    await refuses(t, box, ['secrets', 'import', '--from', from, 'fifo'], [64, /has no writer/]);
  await refuses(t, box, ['secrets', 'import', '--from', 'nextflow', 'fifo'], [78, /not a regular file/]);
  await refuses(t, box, ['vault', 'import', 'fifo', '--passphrase-file', 'fifo'], [64, /has no writer/]);
  // A FIFO with a writer is waited for: a shell creates one for `<(command)`.
  const substituted = box.startProgram('bash', [
    '-c',
    `${process.execPath} "$0" secrets set FOO_KEY --from-file <(sleep 0.3; printf later)`,
    join(root, 'dist/daemon/main.js'),
  ]);
  t.match(await substituted.ended, { status: 0, stdout: /version 1, 5 bytes/ });
});

void t.test('rejects a local store that is a FIFO, and the daemon continues', async (t) => {
  const box = new Sandbox(t);
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: 'x' });
  mkdirSync(join(box.directory, 'nxf/secrets'), { recursive: true });
  execFileSync('mkfifo', ['-m', '600', join(box.directory, 'nxf/secrets/store.json')]);
  await refuses(t, box, ['run', 'true'], [78, /store\.json": it is not a regular file/]);
  await accepts(t, box, ['secrets', 'list']);
});

void t.test('stores the longest and the shortest value byte for byte', async (t) => {
  const box = new Sandbox(t);
  const any = Buffer.from(Array.from({ length: MAX }, (_, index) => (index % 255) + 1));
  const text = Buffer.from(randomBytes(MAX / 2).toString('hex'));
  const one = Buffer.from([0xff]);
  const file = join(box.launch, 'value');
  writeFileSync(file, any);
  await accepts(t, box, ['secrets', 'set', 'ANY_STDIN'], { input: any });
  await accepts(t, box, ['secrets', 'set', 'ANY_FILE', '--from-file', file]);
  await accepts(t, box, ['secrets', 'set', 'ONE_BYTE'], { input: one });
  await accepts(t, box, ['secrets', 'set', 'TEXT_KEY'], { input: text });
  rmSync(file);
  const script = `printf %s "$(sed 's/.*"value":"\\([^"]*\\)".*/\\1/' "$NXF_SECRETS_FILE")" | sha256sum`;
  const ran = await accepts(t, box, ['run', '--only-secret', 'TEXT_KEY', script]);
  t.equal(ran.stdout, `${createHash('sha256').update(text).digest('hex')}  -\n`);
  await purged(t, box, text.toString());
  t.match(await newestRun(box), { outcome: 'succeeded' });
  t.same(box.filesWith(any), []);
  await box.escrow(['daemon', 'stop']);
  const ledger = await openLedger(join(box.state, 'ledger.db'));
  const vault = new Vault(ledger, new Keys({ keyFile: join(box.state, 'vault.key'), keyCommand: undefined }));
  const scope = await findWorkspace(ledger.db, 'local/main');
  const expected: Record<string, Buffer> = { ANY_STDIN: any, ANY_FILE: any, ONE_BYTE: one, TEXT_KEY: text };
  for (const { name, secretId, version } of await vault.versions(ledger.db, scope))
    t.ok((await vault.open(secretId, version)).open().equals(expected[name] ?? Buffer.alloc(0)), name);
  await ledger.close();
});
