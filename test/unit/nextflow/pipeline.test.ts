import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { examineExecution } from '../../../daemon/nextflow/executed/examine.ts';
import { assetsOf, findPipeline } from '../../../daemon/nextflow/launcher/pipeline.ts';
import { userAndRoot } from '../../../daemon/system/files/trust/trusted-owners.ts';
import { root } from '../../support/sandbox.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

void t.test('finds a local pipeline, and the project of one that Nextflow downloads', async (t) => {
  const directory = temporaryDirectory(t);
  mkdirSync(join(directory, 'local'));
  writeFileSync(join(directory, 'main.nf'), '');
  const find = (...words: string[]) => findPipeline({ arguments: ['run', ...words], directory, env: {} });
  const local = join(directory, 'local');
  t.same(find('local'), { kind: 'local', directory: local, script: join(local, 'main.nf') });
  t.same(find('local', '-main-script', 'x.nf'), {
    kind: 'local',
    directory: local,
    script: join(local, 'x.nf'),
  });
  t.same(find('main.nf'), { kind: 'local', directory, script: join(directory, 'main.nf') });
  t.same(find('-'), { kind: 'input', directory });
  t.equal(find(), undefined);
  for (const name of [
    'nf-core/rnaseq',
    'https://github.com/nf-core/rnaseq',
    'https://github.com/nf-core/rnaseq.git',
    'ssh://git@github.com/nf-core/rnaseq.git',
    'git@github.com:nf-core/rnaseq.git',
    '../nf-core/rnaseq',
  ])
    t.same(find(name), { kind: 'project', project: 'nf-core/rnaseq' }, name);
  t.same(find('hello'), { kind: 'project', project: 'nextflow-io/hello' });
  t.equal(assetsOf({ directory, env: { NXF_ASSETS: 'assets' } }), join(directory, 'assets'));
  t.equal(assetsOf({ directory, env: { NXF_HOME: '/h' } }), '/h/assets');
});

void t.test(
  'determines the work directory like Nextflow, as far as that is possible without a JVM',
  async (t) => {
    const directory = temporaryDirectory(t);
    const look = (args: readonly string[], env: Record<string, string> = {}): string | undefined =>
      examineExecution({
        nextflow: join(root, 'test/support/bin/nextflow'),
        arguments: ['run', 'x', ...args],
        directory,
        env: { PATH: process.env['PATH'] ?? '', NXF_HOME: join(directory, 'home'), ...env },
        umask: 0o077,
        plugins: join(directory, 'plugins'),
        owners: userAndRoot,
      }).workDirectory;
    t.equal(look([]), join(directory, 'work'));
    t.equal(look([], { NXF_WORK: '/scratch/w' }), '/scratch/w');
    t.equal(look(['-w', 'here']), join(directory, 'here'));
    t.equal(look(['-work-dir', 's3://bucket/work']), undefined);
    writeFileSync(join(directory, 'nextflow.config'), "workDir = '/scratch/configured'\n");
    t.equal(look([]), '/scratch/configured');
    t.equal(look(['-w', 'here']), join(directory, 'here'));
    writeFileSync(join(directory, 'nextflow.config'), 'workDir = "/scratch/$params.x"\n');
    t.equal(look([]), undefined, 'only Nextflow can evaluate it');
  },
);
