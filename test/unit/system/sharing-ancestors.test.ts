import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Purpose } from '../../../daemon/system/files/trust/trust-error.ts';
import { trustedOwners } from '../../../daemon/system/files/trust/trusted-owners.ts';
import { openTrusted, sharingAncestors } from '../../../daemon/system/files/trust/trusted-path.ts';

const PURPOSE: Purpose = { what: 'directory', variable: '', example: '' };

/** Returns whether a directory is trusted, or false if it does not exist. Throws if it is not trusted. */
function isTrusted(path: string): boolean {
  const found = openTrusted({ path, purpose: PURPOSE, need: 'unwritable' });
  found?.close();
  return found !== undefined;
}

const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

void t.test('verifies each ancestor once, and later walks start from the verified directory', (t) => {
  const top = mkdtempSync('/tmp/nfe-ancestors-');
  t.teardown(() => {
    rmSync(top, { recursive: true });
  });
  for (const path of ['a/one', 'a/two', 'a/open']) mkdirSync(join(top, path), { recursive: true });
  chmodSync(join(top, 'a/open'), 0o777);
  symlinkSync('a', join(top, 'link'));
  const before = openDescriptors();
  sharingAncestors(() => {
    t.ok(isTrusted(join(top, 'a/one')));
    t.ok(isTrusted(join(top, 'link/one')));
    renameSync(join(top, 'a'), join(top, 'moved'));
    t.ok(isTrusted(join(top, 'a/two')), 'the verified directory is used under its new name');
    t.ok(isTrusted(join(top, 'link/two')), 'also behind a link');
    t.notOk(isTrusted(join(top, 'a/three')));
    t.throws(
      () => isTrusted(join(top, 'a/open')),
      { code: 'permissions-too-open' },
      'each directory is judged',
    );
    t.throws(() => isTrusted(join(top, 'a/open/below')), { code: 'permissions-too-open' });
    t.ok(isTrusted('/'));
  });
  t.equal(openDescriptors(), before, 'closes all descriptors');
  t.notOk(isTrusted(join(top, 'a/two')), 'forgets the directories');
  t.throws(
    () =>
      sharingAncestors(() => {
        isTrusted(join(top, 'moved/one'));
        throw new Error('expected');
      }),
    { message: 'expected' },
  );
  t.equal(openDescriptors(), before, 'closes all descriptors after an error');
  t.end();
});

void t.test('does not reuse an ancestor for a request that trusts fewer accounts', (t) => {
  if (process.geteuid?.() !== 0) {
    t.pass('skipped', { skip: 'only root can give a directory to another account' });
    t.end();
    return;
  }
  const top = mkdtempSync('/tmp/nfe-ancestors-');
  t.teardown(() => {
    rmSync(top, { recursive: true });
  });
  mkdirSync(join(top, 'software/tool'), { recursive: true });
  chownSync(join(top, 'software'), 4711, 4711);
  const owners = trustedOwners(['4711']);
  const request = { path: join(top, 'software/tool'), purpose: PURPOSE, need: 'unwritable' } as const;
  sharingAncestors(() => {
    openTrusted({ ...request, owners })?.close();
    t.throws(() => openTrusted(request), { code: 'permissions-too-open' });
    t.doesNotThrow(() => openTrusted({ ...request, owners })?.close());
  });
  t.end();
});
