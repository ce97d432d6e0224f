import {
  chmodSync,
  chownSync,
  mkdirSync,
  openSync,
  closeSync,
  linkSync,
  renameSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, connect } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import t, { type Test } from 'tap';
import { openPrivateDirectory } from '../../../daemon/system/files/private-directory.ts';
import { parseList, writersByGroupBits } from '../../../daemon/system/files/trust/access-control-list.ts';
import { isPrivateGroup } from '../../../daemon/system/files/trust/local-accounts.ts';
import { STATE } from '../../../daemon/system/files/trust/trust-error.ts';
import { readTrustedFile } from '../../../daemon/system/files/trust/trusted-file.ts';
import { ownerKind, parseIdMap } from '../../../daemon/system/files/trust/user-namespace.ts';
import { outputOf } from '../../../daemon/system/files/trust/system-program.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const WHOLE = '         0          0 4294967295\n';

void t.test('accepts a group as private only if local accounts prove it', async (t) => {
  const directory = temporaryDirectory(t);
  const files = { passwd: join(directory, 'passwd'), group: join(directory, 'group') };
  const namespace = parseIdMap(WHOLE, 65_534, 1000);
  const ann = 'root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n';
  const cases: readonly [string, string, string, boolean][] = [
    ['own group', ann, 'ann:x:1000:\n', true],
    ['explicit member', ann, 'ann:x:1000:ann,root\n', true],
    ['another member', `${ann}bob:x:1001:1001::/:/bin/sh\n`, 'ann:x:1000:bob\n', false],
    ['a member of a directory service', ann, 'ann:x:1000:carol\n', false],
    ["another's primary group", `${ann}bob:x:1001:1000::/:/bin/sh\n`, 'ann:x:1000:\n', false],
    ['a second name of the same user', `${ann}ann2:x:1000:1000::/:/bin/sh\n`, 'ann:x:1000:\n', true],
    [
      'a second line of the group',
      `${ann}bob:x:1001:1001::/:/bin/sh\n`,
      'ann:x:1000:\nlab:x:1000:bob\n',
      false,
    ],
    ['a group of a directory service', ann, 'lab:x:7:\n', false],
    ['a user of a directory service', 'root:x:0:0::/root:/bin/sh\n', 'ann:x:1000:\n', false],
    ['NIS users', `${ann}+::::::\n`, 'ann:x:1000:\n', false],
    ['NIS groups', ann, 'ann:x:1000:\n+:::\n', false],
  ];
  for (const [what, passwd, group, isPrivate] of cases) {
    writeFileSync(files.passwd, passwd);
    writeFileSync(files.group, group);
    t.equal(isPrivateGroup(1000, namespace, files), isPrivate, what);
  }
  writeFileSync(files.passwd, ann);
  writeFileSync(files.group, 'ann:x:1000:\n');
  t.equal(
    isPrivateGroup(1000, parseIdMap('1000 1000 1\n', 65_534, 1000), files),
    false,
    'in a user namespace',
  );
  rmSync(files.group);
  t.equal(isPrivateGroup(1000, namespace, files), false, 'without the file');
});

void t.test('treats the overflow id as root only for directories that only root creates', async (t) => {
  const outside = parseIdMap(WHOLE, 65_534, 1000);
  const single = parseIdMap('      1000       1000          1\n', 65_534, 1000);
  const rootless = parseIdMap('0 1000 1\n1 100000 65536\n', 65_534, 0);
  t.equal(ownerKind(1000, '/data/x', outside), 'user');
  t.equal(ownerKind(0, '/data/x', outside), 'root');
  t.equal(
    ownerKind(65_534, '/', outside),
    'other',
    'in the initial namespace, the number is an ordinary user',
  );
  for (const namespace of [single, rootless]) {
    for (const path of ['/', '/home', '/scratch', '/run/user'])
      t.equal(ownerKind(65_534, path, namespace), 'root', path);
    for (const path of ['/data/x', '/home/bob', '/scratch/lab/y'])
      t.equal(ownerKind(65_534, path, namespace), 'other', path);
  }
  t.equal(ownerKind(0, '/data/x', rootless), 'user');
  const unmapped = parseIdMap('', 65_534, 65_534);
  t.throws(() => ownerKind(65_534, '/home', unmapped), {
    code: 'permissions-too-open',
    message: /does not map your user id/,
  });
});

void t.test('interprets the output of getfacl like acl(5)', async (t) => {
  const base = 'user::rwx\ngroup::rwx\nother::r-x\n';
  const group = { kind: 'group', id: 5, isListed: false };
  t.same(parseList(base, 5), [group]);
  t.same(parseList('user::rwx\nuser:7:rwx\ngroup::r-x\ngroup:8:-w-\nmask::rwx\nother::r-x\n', 5), [
    { kind: 'user', id: 7, isListed: true },
    { kind: 'group', id: 8, isListed: true },
  ]);
  t.same(parseList('user::rwx\nuser:7:rwx\ngroup::rwx\nmask::r-x\nother::r-x\n', 5), []);
  t.same(
    parseList(`${base}default:user:7:rwx\ndefault:group::rwx\n`, 5),
    [group],
    'default entries do not apply to the directory itself',
  );
  t.equal(parseList('', 5), undefined);
  t.equal(parseList('getfacl: not here\n', 5), undefined);
});

void t.test('without getfacl, relies on the "+" of GNU ls, and otherwise cannot decide', async (t) => {
  const directory = temporaryDirectory(t);
  const programs = join(directory, 'programs');
  mkdirSync(programs);
  const [plain, listed] = ['plain', 'listed'].map((name) => join(directory, name)) as [string, string];
  for (const path of [plain, listed]) {
    mkdirSync(path);
    chmodSync(path, 0o775);
  }
  const withLists = spawnSync('setfacl', ['-m', 'u:12345:rwx', listed]).status === 0;
  const ask = (path: string, where?: string): ReturnType<typeof writersByGroupBits> => {
    const fd = openSync(path, 'r');
    try {
      return writersByGroupBits(fd, 77, where);
    } finally {
      closeSync(fd);
    }
  };
  const group = { kind: 'group', id: 77, isListed: false };
  t.equal(ask(plain, programs), undefined, 'neither program exists');
  const program = join(programs, 'ls');
  writeFileSync(program, '#!/bin/sh\necho "drwxrwxr-x    2 root root 40 Jan 1 00:00 x"\n', { mode: 0o755 });
  t.equal(ask(plain, programs), undefined, 'an ls that prints no "+"');
  rmSync(program);
  symlinkSync('/bin/ls', program);
  t.same(ask(plain, programs), [group]);
  if (!withLists) {
    t.pass('skipped', { skip: 'setfacl is not installed' });
    return;
  }
  t.equal(ask(listed, programs), undefined, 'the list exists but cannot be read');
  t.same(ask(plain), [group]);
  t.same(ask(listed), [{ kind: 'user', id: 12_345, isListed: true }, group]);
});

/** Returns a directory, and a function that replaces it with another one. */
function exchanged(t: Test): {
  readonly real: string;
  readonly fake: string;
  readonly exchange: () => void;
  readonly path: string;
} {
  const base = temporaryDirectory(t);
  const path = join(base, 'state');
  const [real, fake] = [join(base, 'moved'), path];
  mkdirSync(path, { mode: 0o700 });
  return {
    path,
    real,
    fake,
    exchange: () => {
      renameSync(path, real);
      mkdirSync(fake, { mode: 0o700 });
    },
  };
}

void t.test('a verified directory stays the same when another one takes its name', async (t) => {
  const { path, real, fake, exchange } = exchanged(t);
  const directory = openPrivateDirectory(path);
  writeFileSync(directory.at('before'), '');
  exchange();
  mkdirSync(directory.at('made'));
  renameSync(directory.at('before'), directory.at('renamed'));
  const [ours, theirs] = [createServer(), createServer()];
  t.teardown(() => {
    ours.close();
    theirs.close();
  });
  ours.listen(directory.at('daemon.sock'));
  await once(ours, 'listening');
  theirs.listen(join(fake, 'daemon.sock'));
  await once(theirs, 'listening');
  for (const name of ['made', 'renamed', 'daemon.sock']) t.ok(statSync(join(real, name)), name);
  t.throws(() => statSync(join(fake, 'made')), { code: 'ENOENT' });
  const reached = Promise.race([
    once(ours, 'connection').then(() => 'ours'),
    once(theirs, 'connection').then(() => 'theirs'),
  ]);
  const socket = connect(directory.at('daemon.sock'));
  directory.close(); // the kernel has already resolved the name
  t.equal(await reached, 'ours');
  socket.destroy();
});

void t.test('a verified directory refuses use after close, and names with path separators', async (t) => {
  const { path } = exchanged(t);
  const directory = openPrivateDirectory(path);
  for (const name of ['', '.', '..', 'a/b', '../x']) t.throws(() => directory.at(name), { code: 'internal' });
  const used = (): unknown =>
    directory.use('x', (entry) => {
      throw Object.assign(new Error(`"${entry}"`), { code: 'EIO' });
    });
  t.throws(used, { code: 'EIO' });
  directory.close();
  directory.close();
  t.throws(() => directory.at('x'), { code: 'internal', message: /descriptor of .* is closed/ });
});

void t.test('trusts a file only if its directory and the target of a link are trusted', async (t) => {
  const base = temporaryDirectory(t);
  chmodSync(base, 0o755); // files in a closed directory cannot be reached by others
  const read = (name: string): string | undefined => readTrustedFile(join(base, name), STATE, 8)?.toString();
  writeFileSync(join(base, 'file'), '0123456789');
  t.equal(read('file'), '01234567', 'reads at most the limit');
  t.equal(read('none'), undefined);
  t.equal(read('none/below'), undefined);
  mkdirSync(join(base, 'all'));
  chmodSync(join(base, 'all'), 0o1777);
  t.throws(() => read('all/none'), { code: 'permissions-too-open' }, 'others could create the file');
  writeFileSync(join(base, 'all/file'), 'text');
  symlinkSync('all/file', join(base, 'link'));
  t.throws(() => read('link'), { code: 'permissions-too-open', message: /"[^"]*\/all" can be changed/ });
  chmodSync(join(base, 'all'), 0o755);
  t.equal(read('link'), 'text');
  chmodSync(join(base, 'all/file'), 0o646);
  t.throws(() => read('link'), {
    code: 'permissions-too-open',
    message: /"[^"]*\/all\/file" can be changed/,
  });
  t.equal(readFileSync(join(base, 'all/file'), 'utf8'), 'text');
  if (process.geteuid?.() === 0) {
    mkdirSync(join(base, 'closed'), { mode: 0o700 });
    writeFileSync(join(base, 'closed/file'), 'text');
    chownSync(join(base, 'closed/file'), 0, 65_534);
    chmodSync(join(base, 'closed/file'), 0o664);
    t.equal(read('closed/file'), 'text', 'its group cannot reach it');
    linkSync(join(base, 'closed/file'), join(base, 'reach'));
    t.throws(
      () => read('closed/file'),
      { code: 'permissions-too-open' },
      'its group can reach it by another name',
    );
  }
  symlinkSync('again', join(base, 'again'));
  t.throws(() => read('again'), { code: 'path-conflict' });
  t.throws(() => read('all'), { code: 'path-conflict', message: /not a regular file/ });
});

void t.test('runs programs of the system, not those on the PATH of the user', (t) => {
  const before = process.env['PATH'];
  t.teardown(() => (process.env['PATH'] = before));
  const planted = t.testdir({ getent: "#!/bin/sh\necho 'root:x:1234:1234::/:/bin/sh'\n" });
  chmodSync(join(planted, 'getent'), 0o755);
  process.env['PATH'] = `${planted}:${String(before)}`;
  t.match(outputOf('getent', ['passwd', '--', 'root'], { limitMs: 10_000 }), /^root:[^:]*:0:0:/);
  t.equal(outputOf('no-such-program', [], { limitMs: 10_000 }), undefined);
  t.equal(outputOf('false', [], { limitMs: 10_000 }), undefined);
  t.equal(outputOf('sleep', ['60'], { limitMs: 100 }), undefined, 'the time limit');
  t.end();
});
