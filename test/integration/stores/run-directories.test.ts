import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { SecretDelivery, ComputeEnvironment } from '../../../daemon/contract/types.ts';
import { RunDirectories } from '../../../daemon/run-directory/run-directories.ts';
import type { RunDirectoryContents } from '../../../daemon/run-directory/create.ts';
import { RunDirectorySecrets } from '../../../daemon/stores/run-directory-secrets.ts';
import { temporaryDirectory } from '../../support/temporary.ts';
import { SecretValue } from '../../../daemon/vault/secret-value.ts';

const local: ComputeEnvironment = {
  name: 'local',
  platform: 'hpc',
  runsDirectory: null,
  isDefault: true,
  dateCreated: '',
  lastUpdated: '',
  etag: '',
};

const values = (entries: Record<string, string | Buffer>): Map<string, SecretValue> =>
  new Map(
    Object.entries(entries).map(([name, value]) => [name, new SecretValue(Buffer.from(value as string))]),
  );

const secretDelivery: SecretDelivery = {
  plugin: null,
  reason: 'test',
  configPhase: true,
  environment: {},
  restore: {},
};

function contentsOf(run: string, entries: Parameters<typeof values>[0]): RunDirectoryContents {
  return {
    run,
    workspace: 'local/main',
    secretDelivery,
    secrets: values(entries),
    ledger: 'l',
    expiresAt: '2026-01-06T10:00:00.000Z',
    references: new Map(),
    files: {},
  };
}

void t.test('creates a private directory and removes it completely and idempotently', async (t) => {
  const runs = join(temporaryDirectory(t), 'runs');
  const store = new RunDirectories(runs);
  const target = store.locate('r20260101aaaaaaa1', local);
  await store.create(target, contentsOf('r20260101aaaaaaa1', { FOO_KEY: 'bar $x' }));
  t.same(JSON.parse(readFileSync(join(target, 'store.json'), 'utf8')), [
    { name: 'FOO_KEY', value: 'bar $x' },
  ]);
  t.equal(statSync(target).mode & 0o777, 0o700);
  for (const name of readdirSync(target))
    t.equal(statSync(join(target, name)).mode & 0o077, 0, `${name} is private`);
  t.equal((await store.inspect({ target, locator: null, sentAt: null })).state, 'present');
  await t.rejects(store.create(target, contentsOf('r20260101aaaaaaa1', {})), { code: 'store-unavailable' });
  await store.remove({ target, locator: null, sentAt: null });
  t.equal((await store.inspect({ target, locator: null, sentAt: null })).state, 'absent');
  await store.remove({ target, locator: null, sentAt: null });
  t.same(readdirSync(runs), []);
});

void t.test('removes planted links without following them', async (t) => {
  const directory = temporaryDirectory(t);
  const store = new RunDirectories(join(directory, 'runs'));
  const target = store.locate('r20260101aaaaaaa1', local);
  await store.create(target, contentsOf('r20260101aaaaaaa1', { FOO_KEY: 'bar' }));
  const outside = join(directory, 'outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'kept'), 'kept');
  writeFileSync(join(directory, 'linked'), 'kept');
  symlinkSync(outside, join(target, 'directory-link'));
  symlinkSync(join(outside, 'kept'), join(target, 'file-link'));
  linkSync(join(directory, 'linked'), join(target, 'hard-link'));
  await store.remove({ target, locator: null, sentAt: null });
  t.equal(lstatSync(target, { throwIfNoEntry: false }), undefined);
  t.equal(readFileSync(join(outside, 'kept'), 'utf8'), 'kept');
  t.equal(readFileSync(join(directory, 'linked'), 'utf8'), 'kept');
  const second = store.locate('r20260101aaaaaaa2', local);
  symlinkSync(outside, second);
  await t.rejects(store.create(second, contentsOf('r20260101aaaaaaa2', {})), { code: 'store-unavailable' });
  t.same(readdirSync(outside), ['kept']);
  await t.rejects(
    store.remove({ target: outside, locator: null, sentAt: null }),
    'does not remove a directory that is not a run directory',
  );
  t.ok(existsSync(outside));
});

void t.test('finds values that Nextflow would change, execute or expose', async (t) => {
  const store = new RunDirectorySecrets();
  const find = (entries: Parameters<typeof values>[0], delivery = secretDelivery): [string, string][] => [
    ...store.findUndeliverable(values(entries), delivery),
  ];
  const withPlugin = { ...secretDelivery, plugin: '0.1.0' };
  for (const bad of ['a\nb', 'a"b', 'a`b', 'a\\b', 'a\rb', 'x OTHER=1', Buffer.from([0xff, 0xfe])]) {
    t.match(find({ FOO_KEY: bad, OTHER: 'fine' }), [
      ['FOO_KEY', /^Nextflow's own format cannot carry its value, which /],
    ]);
    t.same(find({ FOO_KEY: bad, OTHER: 'fine' }, withPlugin), []);
  }
  for (const good of ["a'b", '$HOME $(id)', 'FOO_KEY=self', ' x ', 'é%s!#', '-n'])
    t.same(find({ FOO_KEY: good, OTHER: 'fine' }), []);
  t.match(
    find({ FOO_KEY: 'OTHER=1', OTHER: 'a\nb' }),
    [['OTHER', /newline/]],
    'no task with OTHER starts, so FOO_KEY can be delivered',
  );
  t.match(find({ FOO_KEY: 'OTHER=1', OTHER: 'FOO_KEY=1' }), [
    ['FOO_KEY', /OTHER=/],
    ['OTHER', /FOO_KEY=/],
  ]);
});
