import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import type { Check } from '../../../daemon/doctor/check.ts';
import { checkClock } from '../../../daemon/doctor/checks/clock.ts';
import { checkDirectories } from '../../../daemon/doctor/checks/directories.ts';
import { checkLocalStore } from '../../../daemon/doctor/checks/local-store.ts';
import { checkSpace, judgeSpace } from '../../../daemon/doctor/checks/space.ts';
import { checkVaultKey } from '../../../daemon/doctor/checks/vault-key.ts';
import { fileSystemFromMagic, fileSystemType } from '../../../daemon/system/files/file-system-type.ts';
import { only, subjectIn } from '../../support/doctor-context.ts';

const KEY = `nf-escrow-key-1 ${'0'.repeat(64)}\n`;
const DERIVED = `nf-escrow-key-2 SOURCE ${'1'.repeat(16)} scrypt 131072 8 1 ${'2'.repeat(32)}\n`;

void t.test('checks that each directory exists or can be created, and is private', async (t) => {
  const base = t.testdir();
  const { paths } = subjectIn(base);
  const look = (): Check[] => checkDirectories(paths).flatMap((group) => group.look());
  const state = (): Check | undefined => look().find(({ name }) => name === 'state directory');
  t.equal(look().length, 4);
  for (const check of look()) t.match(check, { state: 'ok', found: /does not exist yet and can be created/ });
  mkdirSync(paths.state, { mode: 0o700 });
  t.match(state(), { state: 'ok', found: /\(0700, / });
  chmodSync(paths.state, 0o755);
  t.match(state(), { state: 'failure', found: /mode 0755/, remedy: `chmod go-rwx ${paths.state}` });
  chmodSync(paths.state, 0o710);
  t.match(state(), { state: 'failure', found: /mode 0710/ });
});

void t.test('reports files at the path of a directory without opening them', async (t) => {
  const base = t.testdir({ there: {} });
  const { paths } = subjectIn(base);
  const look = (): Check[] => checkDirectories(paths).flatMap((group) => group.look());
  execFileSync('mkfifo', [paths.state]);
  t.match(look(), [
    { name: 'state directory', state: 'failure', found: /not a directory/ },
    { name: 'runs directory', state: 'failure', found: /not a directory/ },
    { name: 'configuration directory', state: 'failure' },
    { name: 'socket directory', state: 'failure' },
  ]);
  t.match(only(checkSpace(paths)), { state: 'ok', found: base }, 'reports the space of the directory above');
  const linked = subjectIn(base, { env: { NF_ESCROW_HOME: join(base, 'link') } }).paths;
  symlinkSync('there', linked.state);
  t.match(checkDirectories(linked)[0]?.look(), [{ state: 'failure', found: /it is not a directory/ }]);
  symlinkSync('nowhere', join(base, 'dangling'));
  const nowhere = subjectIn(base, { env: { NF_ESCROW_HOME: join(base, 'dangling/home') } }).paths;
  t.match(checkDirectories(nowhere)[0]?.look(), [
    { state: 'failure', found: /cannot create .* is not a writable directory/ },
  ]);
  t.match(only(checkSpace(nowhere)), { state: 'ok', found: base });
  const foreign = subjectIn(base, { env: { NF_ESCROW_HOME: '/proc/1' } }).paths;
  const [check] = checkDirectories(foreign)[0]?.look() ?? [];
  t.match(check, { state: 'failure' }, "another user's directory, or accessible to others");
});

void t.test('identifies file systems by their magic numbers', async (t) => {
  t.same(fileSystemType('/proc'), { name: 'proc', network: false });
  const cases: [bigint, string, boolean][] = [
    [0x6969n, 'nfs', true],
    [0x0bd00bd0n, 'lustre', true],
    [0x47504653n, 'gpfs', true],
    [0x19830326n, 'beegfs', true],
    [0xff534d42n, 'cifs', true],
    [BigInt.asIntN(32, 0xff534d42n), 'cifs', true],
    [0x65735546n, 'fuse', true],
    [0xef53n, 'ext', false],
    [0x9123683en, 'btrfs', false],
    [0x794c7630n, 'overlay', false],
    [0x12345678n, '0x12345678', false],
  ];
  for (const [magic, name, network] of cases) t.same(fileSystemFromMagic(magic), { name, network });
  t.throws(() => fileSystemType('/proc/none'), { code: 'ENOENT' });
});

void t.test('warns about little free space or few inodes, and fails if there are none', async (t) => {
  const space = { freeBytes: 5e9, freeInodes: 5000, totalInodes: 10_000 };
  t.match(judgeSpace('x', space), { state: 'ok', found: '5000 MB and 5000 inodes for x' });
  t.match(judgeSpace('x', { ...space, freeBytes: 99e6 }), { state: 'warning' });
  t.match(judgeSpace('x', { ...space, freeBytes: 9e5 }), { state: 'failure', found: /^0.9 MB/ });
  t.match(judgeSpace('x', { ...space, freeInodes: 999 }), { state: 'warning' });
  t.match(judgeSpace('x', { ...space, freeInodes: 0 }), { state: 'failure' });
  t.match(judgeSpace('x', { ...space, freeInodes: 0, totalInodes: 0 }), {
    state: 'ok',
    found: '5000 MB for x',
  });
});

void t.test('checks that the vault key is private, and reports its location', async (t) => {
  const base = t.testdir();
  const { paths } = subjectIn(base, { env: { HOME: base } });
  t.match(checkVaultKey(paths), [
    { state: 'ok', found: /none yet/ },
    { state: 'ok', found: /not a copied home/ },
  ]);
  for (const directory of [paths.state, dirname(paths.keyFile)])
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeFileSync(paths.ledger, '');
  t.match(checkVaultKey(paths)[0], { state: 'warning', found: /but a ledger does/ });
  writeFileSync(paths.keyFile, KEY, { mode: 0o600 });
  t.match(checkVaultKey(paths)[0], { state: 'ok' });
  chmodSync(paths.keyFile, 0o640);
  t.throws(() => checkVaultKey(paths), { code: 'permissions-too-open' });
  chmodSync(paths.keyFile, 0o600);
  for (const source of ['passphrase', 'command']) {
    writeFileSync(paths.keyFile, `${DERIVED.replace('SOURCE', source)}${KEY}`);
    t.match(checkVaultKey(paths)[0], {
      state: 'ok',
      found: new RegExp(`from the .*${source}.* A rekey`, 'i'),
    });
  }
  writeFileSync(paths.keyFile, 'short');
  t.throws(() => checkVaultKey(paths), { code: 'vault-key-mismatch', message: /a line that is not a key/ });
  const together = subjectIn(base).paths;
  t.match(checkVaultKey(together)[1], {
    state: 'warning',
    found: /a copy of that directory reveals all secrets/,
  });
  const nested = { ...paths, keyFile: join(paths.state, 'keys/vault.key') };
  t.match(checkVaultKey(nested)[1], { state: 'warning' });
});

void t.test('compares the clock with timestamps of new files', async (t) => {
  const base = t.testdir();
  const { paths } = subjectIn(base);
  t.match(checkClock(paths, Date.now), [{ state: 'ok' }], 'without a state directory');
  t.notOk(existsSync(paths.state), 'does not create the state directory');
  mkdirSync(paths.state, { mode: 0o700 });
  t.match(checkClock(paths, Date.now), [{ state: 'ok', found: /agree/ }]);
  t.match(
    checkClock(paths, () => Date.now() + 9000),
    [{ state: 'warning', found: /(8\.9|9\.\d) s in the past/ }],
  );
  t.match(
    checkClock(paths, () => Date.now() - 9000),
    [{ state: 'warning', found: /in the future/ }],
  );
  t.match(
    checkClock(paths, () => Date.UTC(2025, 11, 31)),
    [{ state: 'failure', found: /2025-12-31/ }],
  );
  t.same(readdirSync(paths.state), [], 'removes the file');
});

void t.test("requires a regular file with mode 0600 as Nextflow's own store", async (t) => {
  const base = t.testdir();
  const directory = join(base, '.nextflow/secrets');
  const store = join(directory, 'store.json');
  const look = (env = {}): Check[] => checkLocalStore({ env: { HOME: base, ...env } });
  t.match(only(look()), { state: 'ok', found: /does not exist/ });
  mkdirSync(directory, { recursive: true });
  writeFileSync(store, '[{"name": "FOO", "value": "do-not-tell"}]', { mode: 0o600 });
  t.match(only(look()), { state: 'ok', found: `${store} (0600)` });
  writeFileSync(store, 'do-not-tell');
  const broken = only(look());
  t.match(broken, {
    state: 'failure',
    found: /it is not JSON/,
    remedy: /^Make sure that the file contains a JSON array/,
  });
  t.notMatch(JSON.stringify(broken), /do-not-tell/);
  writeFileSync(store, '[]');
  chmodSync(store, 0o640);
  t.match(only(look()), { state: 'failure', remedy: `chmod 600 ${store}` });
  chmodSync(store, 0o400);
  t.match(only(look()), { state: 'failure', found: /mode 0400/ });
  chmodSync(store, 0o600);
  const link = join(base, 'link');
  symlinkSync(store, link);
  t.match(look({ NXF_SECRETS_FILE: link }), [{ state: 'failure', found: /not a regular file/ }]);
  const fifo = join(base, 'fifo');
  execFileSync('mkfifo', ['-m', '600', fifo]);
  t.match(look({ NXF_SECRETS_FILE: fifo }), [{ state: 'failure', found: /not a regular file/ }]);
  writeFileSync(join(directory, '.nf-0123.secrets'), '');
  utimesSync(join(directory, '.nf-0123.secrets'), 1, 1);
  t.match(look(), [{ state: 'ok' }, { state: 'warning', found: /^1 files .nf-\*.secrets/ }]);
});
