// scripts/apt.mjs installs packages for tests only if no installed package changes.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { root } from '../../support/sandbox.ts';

const { changedPackages } = (await import(pathToFileURL(join(root, 'scripts/apt.mjs')).href)) as {
  readonly changedPackages: (simulated: string) => string[];
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
