import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Test } from 'tap';
import { findProgram } from '../../daemon/system/files/find-program.ts';
import type { Environment, Sandbox } from './sandbox.ts';

export const IMAGE = 'localhost/nf-escrow-test:1';

/** Creates a container root in which a task's script can run and hash its variables. */
export function makeRoot(directory: string): string {
  const programs = ['bash', 'sha256sum', 'cat'].map((name) => String(findProgram(name, process.env['PATH'])));
  const libraries =
    execFileSync('ldd', programs, { encoding: 'utf8' }).match(/(?<=\s)\/[^\s:]+(?= \()/g) ?? [];
  // Not --parents: /bin and /lib are links on most systems, and directories in this root.
  for (const path of new Set([...programs, '/bin/bash', ...libraries])) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    execFileSync('cp', ['-L', path, join(directory, path)]);
  }
  for (const name of ['dev', 'proc', 'sys', 'tmp', 'home', 'etc', 'root', 'mnt', 'opt', 'srv', 'ch', 'var'])
    mkdirSync(join(directory, name), { recursive: true });
  for (const name of ['passwd', 'group', 'hosts', 'resolv.conf'])
    writeFileSync(join(directory, 'etc', name), '');
  writeFileSync(join(directory, 'ch/environment'), '');
  return directory;
}

/**
 * Sets up a Podman with IMAGE, whose images and containers are in the sandbox, and returns the environment to add. If no
 * container can be started, it skips the test and returns undefined. Nothing is mounted outside the container, so the
 * sandbox can be removed after any process was killed.
 */
export function podman(t: Test, box: Sandbox): Environment | undefined {
  const at = (name: string): string => join(box.directory, 'podman', name);
  mkdirSync(at('tmp'), { recursive: true });
  // These settings work in a container, in a virtual machine without systemd, and on a desktop.
  const deps = `[containers]
default_ulimits = []
netns = "host"
ipcns = "host"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "none"
lock_type = "file"
tmp_dir = "${at('tmp')}"
`;
  writeFileSync(at('containers.conf'), deps);
  const storage = `[storage]\ndriver = "vfs"\ngraphroot = "${at('storage')}"\nrunroot = "${at('run')}"\n`;
  writeFileSync(at('storage.conf'), storage);
  const env = {
    CONTAINERS_CONF: at('containers.conf'),
    CONTAINERS_STORAGE_CONF: at('storage.conf'),
  };
  const run = (args: readonly string[]): string | undefined => {
    const ended = spawnSync('podman', args, { env: { ...box.env, ...env }, encoding: 'utf8' });
    return ended.status === 0
      ? undefined
      : `podman ${args.join(' ')}: ${ended.error?.message ?? ended.stderr}`;
  };
  execFileSync('tar', ['-C', makeRoot(at('root')), '-c', '-f', at('root.tar'), '.']);
  const why =
    run(['import', at('root.tar'), IMAGE]) ?? run(['run', '--rm', IMAGE, '/bin/bash', '-c', 'true']);
  if (why === undefined) return env;
  t.pass('skipped', { skip: `Podman cannot start a container: ${why.trim().split('\n').at(-1) ?? ''}` });
  return undefined;
}

/** Returns the environment that the real ch-run needs. If it cannot start a container, skips the test and returns undefined. */
export function charliecloud(t: Test, box: Sandbox, image: string): Environment | undefined {
  const env = { USER: 'test' };
  const args = ['--set-env=PROBE=x', image, '--', '/bin/bash', '-c', 'test $PROBE = x'];
  const ended = spawnSync('ch-run', args, { env: { ...box.env, ...env }, encoding: 'utf8' });
  if (ended.status === 0) return env;
  const why = ended.error?.message ?? ended.stderr.trim();
  t.pass('skipped', { skip: `Charliecloud cannot start a container: ${why}` });
  return undefined;
}
