import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { listenOn } from '../../../daemon/api/listeners/unix-listener.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

void t.test('unlinks the socket in the directory where it was bound, even after a rename', async (t) => {
  const base = temporaryDirectory(t);
  const [named, moved] = ['sockets', 'moved'].map((name) => join(base, name)) as [string, string];
  const server = await listenOn(() => undefined, join(named, 'daemon.sock'));
  renameSync(named, moved);
  mkdirSync(named, { mode: 0o700 });
  writeFileSync(join(named, 'daemon.sock'), "another's");
  t.ok(existsSync(join(moved, 'daemon.sock')));
  await server.close();
  t.notOk(existsSync(join(moved, 'daemon.sock')));
  t.ok(existsSync(join(named, 'daemon.sock')), 'keeps a file of the same name in another directory');
});

void t.test('allows closing a socket twice', async (t) => {
  const path = join(temporaryDirectory(t), 'sockets/daemon.sock');
  const server = await listenOn(() => undefined, path);
  await server.closeQuietly();
  await server.close();
  t.notOk(existsSync(path));
});
