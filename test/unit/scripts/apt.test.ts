// scripts/apt.mjs installs packages for tests only if no installed package changes.
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { root } from '../../support/sandbox.ts';

const load = async (name: string): Promise<unknown> =>
  import(pathToFileURL(join(root, 'scripts', name)).href);
const { changedPackages, chooseGroups } = (await load('apt.mjs')) as {
  readonly changedPackages: (simulated: string) => string[];
  readonly chooseGroups: (groups: string[][], canInstall: (packages: string[]) => boolean) => string[][];
};
const { SYSTEM_PACKAGES } = (await load('system-packages.mjs')) as {
  readonly SYSTEM_PACKAGES: Record<
    string,
    { readonly title: string; readonly missing: () => string[]; readonly together?: string[] }
  >;
};

void t.test('recognizes installations that upgrade or remove packages', (t) => {
  const added = `Reading package lists...
The following NEW packages will be installed:
  strace
Inst libunwind8 (1.6.2-3 Debian:12.15/oldstable [amd64])
Inst strace (6.1-0.1 Debian:12.15/oldstable [amd64])
Conf libunwind8 (1.6.2-3 Debian:12.15/oldstable [amd64])
Conf strace (6.1-0.1 Debian:12.15/oldstable [amd64])
`;
  t.same(changedPackages(added), []);
  const upgraded = 'Inst libc6 [2.36-9] (2.36-10 Debian:12.15/oldstable [amd64]) [libc6:amd64 ]\n';
  t.same(changedPackages(added + upgraded), ['libc6']);
  t.same(changedPackages(`Remv exim4 [4.96-15]\n${added}`), ['exim4']);
  t.same(changedPackages('Purg exim4 [4.96-15]\n'), ['exim4']);
  t.end();
});

void t.test('installs all groups of packages together if that is possible', (t) => {
  const asked: string[][] = [];
  const chosen = chooseGroups([['acl'], ['podman', 'runc']], (packages) => asked.push(packages) > 0);
  t.same(chosen, [['acl'], ['podman', 'runc']]);
  t.same(asked, [['acl', 'podman', 'runc']], 'one simulation');
  t.end();
});

void t.test('omits only groups of packages that cannot be installed', (t) => {
  const unknown = new Set(['gridengine-exec']);
  const groups = [['acl'], ['gridengine-master', 'gridengine-exec'], ['bindfs']];
  const isKnown = (packages: string[]): boolean => !packages.some((name) => unknown.has(name));
  t.same(chooseGroups(groups, isKnown), [['acl'], ['bindfs']]);
  t.same(chooseGroups([['gridengine-exec']], isKnown), [], 'no group is left');
  t.end();
});

void t.test('installs no groups together that are only possible separately', (t) => {
  t.same(
    chooseGroups([['acl'], ['bindfs']], (packages) => packages.length === 1),
    [],
  );
  t.end();
});

void t.test('installs only what is missing', (t) => {
  const directory = t.testdir({ zsh: '', fish: '', setfacl: '' });
  for (const name of ['zsh', 'fish', 'setfacl']) chmodSync(join(directory, name), 0o755);
  const path = process.env['PATH'];
  t.teardown(() => (process.env['PATH'] = path));
  process.env['PATH'] = directory;
  t.same(SYSTEM_PACKAGES['callers']?.missing(), ['dash', 'tcsh', 'at', 'sudo']);
  t.same(SYSTEM_PACKAGES['acl']?.missing(), []);
  t.same(SYSTEM_PACKAGES['podman']?.missing(), ['podman', 'runc']);
  t.end();
});

void t.test(
  'does not install PostgreSQL together with other packages, because its server would start',
  (t) => {
    for (const [name, { together }] of Object.entries(SYSTEM_PACKAGES))
      t.same(together, name === 'postgres' ? ['postgresql-common'] : undefined, name);
    t.end();
  },
);
