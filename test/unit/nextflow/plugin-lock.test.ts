import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { pipelineOf } from '../../../daemon/nextflow/launcher/pipeline-argument.ts';
import { pluginLock } from '../../../daemon/nextflow/plugin/plugin-lock.ts';
import { chooseSecretDelivery } from '../../../daemon/nextflow/plugin/secret-delivery.ts';
import { temporaryDirectory } from '../../support/temporary.ts';
import type { Launch } from '../../../daemon/nextflow/launcher/launch.ts';

const OFF = { environment: { NXF_PLUGINS_LOCK_MODE: 'off' } };

function launchIn(directory: string, args: readonly string[], env: Record<string, string> = {}): Launch {
  const nextflow = join(directory, 'nextflow-26.10.0');
  return {
    nextflow,
    arguments: args,
    directory,
    state: join(directory, 'state'),
    env: { HOME: directory, ...env },
  };
}

/** Returns a launch directory with these files, which are empty. */
function directoryWith(t: Test, ...files: string[]): string {
  const directory = temporaryDirectory(t);
  for (const file of files) {
    mkdirSync(join(directory, dirname(file)), { recursive: true });
    writeFileSync(join(directory, file), '');
  }
  return directory;
}

void t.test('does not use our plugin if plugins.lock exists next to the main script', async (t) => {
  const directory = directoryWith(
    t,
    'main.nf',
    'sub/main.nf',
    'sub/plugins.lock',
    'free/main.nf',
    'free/deep/x.nf',
  );
  symlinkSync('sub/main.nf', join(directory, 'link.nf'));
  writeFileSync(join(directory, 'free/deep/plugins.lock'), '');
  const locked: readonly string[][] = [
    ['run', 'sub'],
    ['run', './sub/main.nf', '--input', 'x'],
    ['-log', 'run', 'run', '--input', 'x', '-profile', 'p', 'sub/main.nf'],
    ['sub/main.nf'],
    ['run', 'link.nf'],
    ['run', 'free', '-main-script', 'deep/x.nf'],
  ];
  for (const args of locked) {
    const { why, environment } = pluginLock(launchIn(directory, args), '26.10.0');
    t.match(why, /plugins\.lock" pins the pipeline's plugins/, args.join(' '));
    t.equal(environment, undefined, 'the lock stays in force');
  }
  for (const args of [['run', 'main.nf'], ['run', '.'], ['run', 'free'], ['run', '-'], ['-h']])
    t.same(pluginLock(launchIn(directory, args), '26.10.0'), {}, args.join(' '));
  t.match(pluginLock(launchIn(join(directory, 'sub'), ['run', '-']), '26.10.0'), { why: /plugins\.lock/ });
});

void t.test('ignores a plugins.lock that Nextflow does not read', async (t) => {
  const directory = directoryWith(t, 'main.nf', 'plugins.lock');
  const launch = launchIn(directory, ['run', 'main.nf']);
  for (const version of ['24.10.0', '25.10.7', '26.04.6', '26.06.0-edge'])
    t.same(pluginLock(launch, version), {}, version);
  for (const version of ['26.07.0-edge', '26.10.3', '27.04.0', undefined])
    t.match(pluginLock(launch, version), { why: /plugins\.lock/ }, String(version));
  for (const mode of ['off', 'OFF'])
    t.same(pluginLock({ ...launch, env: { NXF_PLUGINS_LOCK_MODE: mode } }, '26.10.0'), {}, mode);
  for (const mode of ['warn', 'strict', 'nonsense'])
    t.match(
      pluginLock({ ...launch, env: { NXF_PLUGINS_LOCK_MODE: mode } }, '26.10.0'),
      { why: /plugins\.lock/ },
      mode,
    );
});

void t.test(
  'disables the lock of a pipeline that is not downloaded yet, unless the user has set strict',
  async (t) => {
    const directory = directoryWith(
      t,
      '.nextflow/assets/nf-core/locked/plugins.lock',
      '.nextflow/assets/nextflow-io/hello/plugins.lock',
      'assets/lab/other/plugins.lock',
    );
    const look = (pipeline: string, env?: Record<string, string>): ReturnType<typeof pluginLock> =>
      pluginLock(launchIn(directory, ['run', pipeline], env), '26.10.0');
    for (const name of [
      'nf-core/rnaseq',
      'https://github.com/nf-core/rnaseq',
      'git@github.com:nf-core/rnaseq.git',
    ])
      t.same(look(name), OFF, name);
    for (const name of [
      'nf-core/locked',
      'https://github.com/nf-core/locked.git',
      'git@github.com:nf-core/locked',
      'hello',
    ])
      t.match(look(name), { why: /plugins\.lock" pins/ }, name);
    t.match(look('lab/other', { NXF_ASSETS: join(directory, 'assets') }), { why: /plugins\.lock" pins/ });
    t.match(look('nf-core/rnaseq', { NXF_PLUGINS_LOCK_MODE: 'strict' }), {
      why: /NXF_PLUGINS_LOCK_MODE is strict/,
    });
    t.same(look('nf-core/rnaseq', { NXF_PLUGINS_LOCK_MODE: 'warn' }), OFF);
  },
);

void t.test('accepts pipelines that are not valid paths', async (t) => {
  const directory = directoryWith(t, 'file');
  symlinkSync('loop', join(directory, 'loop'));
  for (const pipeline of [
    'x'.repeat(5000),
    `${'x'.repeat(300)}/${'y'.repeat(300)}`,
    'loop',
    'file/below',
    'nul\0',
  ])
    t.same(pluginLock(launchIn(directory, ['run', pipeline]), '26.10.0'), OFF, pipeline.slice(0, 10));
});

void t.test('applies the lock to a launch, and restores the environment for tasks', async (t) => {
  const directory = directoryWith(t, 'locked/main.nf', 'locked/plugins.lock');
  writeFileSync(join(directory, 'nextflow-26.10.0'), '#!/bin/sh\n', { mode: 0o755 });
  const env = { NXF_HOME: join(directory, 'home'), NXF_PLUGINS_LOCK_MODE: 'warn' };
  const locked = chooseSecretDelivery(launchIn(directory, ['run', 'locked'], env));
  t.match(locked, { plugin: null, reason: /plugins\.lock" pins the pipeline's plugins/, environment: {} });
  const fetched = chooseSecretDelivery(launchIn(directory, ['run', 'nf-core/rnaseq'], env));
  t.match(fetched, { reason: null, ...OFF, restore: { NXF_PLUGINS_LOCK_MODE: 'warn' } });
});

void t.test('finds the pipeline in a command line like Nextflow', async (t) => {
  const cases: readonly [string, string | undefined][] = [
    ['run main.nf', 'main.nf'],
    ['run -resume main.nf --x run', 'main.nf'],
    ['run -resume last main.nf', 'main.nf'],
    ['run -with-trace main.nf', undefined],
    ['run --flag --x=1 main.nf', 'main.nf'],
    ['run --x 1 main.nf', 'main.nf'],
    ['-c a.config run -w /w main.nf', 'main.nf'],
    ['run -', '-'],
    ['main.nf --x 1', 'main.nf'],
    ['run', undefined],
  ];
  for (const [line, pipeline] of cases) t.equal(pipelineOf(line.split(' ')), pipeline, line);
});
