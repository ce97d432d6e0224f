import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Test } from 'tap';

/** An installed relocatable tarball. */
export interface InstalledTarball {
  /** Contains only what this module and the test create. Other users can enter it. */
  readonly prefix: string;
  /** The directory of the tarball, in which nothing can be changed. */
  readonly home: string;
  /** A link to its program, in another directory. */
  readonly link: string;
}

/** Unpacks the tarball as an administrator does. Removes it after the test. */
export function installTarball(t: Pick<Test, 'teardown'>, tarball: string): InstalledTarball {
  const prefix = mkdtempSync('/tmp/nf-escrow-tarball-');
  chmodSync(prefix, 0o755);
  t.teardown(() => {
    execFileSync('chmod', ['-R', 'u+w', prefix]);
    rmSync(prefix, { recursive: true });
  });
  const opt = join(prefix, 'opt');
  const bin = join(prefix, 'bin');
  for (const directory of [opt, bin]) mkdirSync(directory);
  execFileSync('tar', ['-xzf', tarball, '-C', opt]);
  execFileSync('chmod', ['-R', 'a-w', opt]);
  const name = basename(tarball, '.tar.gz');
  const link = join(bin, 'nf-escrow');
  symlinkSync(`../opt/${name}/bin/nf-escrow`, link);
  return { prefix, home: join(opt, name), link };
}

/**
 * Creates a directory for PATH with java and nextflow, and one with all other programs of the system except Node. Copies a nextflow with
 * its jars, because other users may not be able to read the original.
 */
export function programsWithoutNode(prefix: string, java: string, nextflow: string): [string, string] {
  const [tools, system] = [join(prefix, 'tools'), join(prefix, 'system')];
  for (const directory of [tools, system]) mkdirSync(directory);
  const home = dirname(nextflow);
  if (existsSync(join(home, 'jars'))) {
    execFileSync('cp', ['-a', `${home}/.`, tools]);
    execFileSync('chmod', ['-R', 'a+rX', tools]);
  } else symlinkSync(nextflow, join(tools, 'nextflow'));
  symlinkSync(java, join(tools, 'java'));
  for (const name of readdirSync('/usr/bin'))
    if (!/^(?:node|nodejs|npm|npx|corepack)$/.test(name)) symlinkSync(`/usr/bin/${name}`, join(system, name));
  return [tools, system];
}
