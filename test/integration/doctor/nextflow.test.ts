import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { checkNextflow } from '../../../daemon/doctor/checks/nextflow.ts';
import { readLauncher } from '../../../daemon/nextflow/launcher/version.ts';
import { only, program, subjectIn } from '../../support/doctor-context.ts';

const script = (version: string, pack = 'one'): string =>
  `#!/usr/bin/env bash\n[[ "$NXF_DEBUG" == 'x' ]] && set -x\nNXF_VER=\${NXF_VER:-'${version}'}\nNXF_PACK=${pack}\n`;

void t.test('finds the version without starting a JVM', async (t) => {
  const base = t.testdir();
  const older = { NXF_VER: '23.04.1' };
  const cases: [string, string, Record<string, string>, string | undefined, string][] = [
    ['a/nextflow', script('24.10.0'), {}, '24.10.0', 'its script'],
    ['b/nextflow', script('26.08.0-edge'), {}, '26.08.0-edge', 'its script'],
    ['c/nextflow', script('24.10.0'), older, '23.04.1', 'NXF_VER'],
    ['d/nextflow', script('24.10.0', 'dist') + '\0'.repeat(99), older, '24.10.0', 'its script'],
    ['e/nextflow-25.04.6-dist', '', {}, '25.04.6', 'its name'],
    ['f/nextflow-24.11.0-edge-one.jar', '', {}, '24.11.0-edge', 'its name'],
    ['g/nextflow', '', {}, undefined, 'its path'],
    ['h/nextflow', '', older, '23.04.1', 'NXF_VER'],
    ['nextflow/25.10.0/bin/nextflow', '', {}, '25.10.0', 'its path'],
    ['nextflow-25.10.1/nextflow', '', {}, '25.10.1', 'its path'],
  ];
  for (const [name, text, env, version, from] of cases) {
    const path = program(join(base, name), text);
    t.match(readLauncher(path, env), { version, from }, name);
  }
  const link = join(base, 'link');
  symlinkSync(join(base, 'e/nextflow-25.04.6-dist'), link);
  t.match(readLauncher(link, {}), { version: '25.04.6' }, 'through a link');
  const ours = program(join(base, 'ours/nextflow'), '#!/bin/bash\n');
  program(join(base, 'ours/jars/nextflow-24.10.0.jar'), '');
  program(join(base, 'ours/jars/nf-commons-24.10.9.jar'), '');
  t.match(readLauncher(ours, older), { version: '24.10.0', from: 'the jar next to it' });
  writeFileSync(join(dirname(ours), 'nextflow-25.10.0-one.jar'), '');
  t.equal(readLauncher(ours, {}).version, undefined, 'jars of two versions');
});

void t.test('accepts 24.10 or later, rejects older versions, and warns about unknown ones', async (t) => {
  const base = t.testdir();
  const look = async (version: string, env = {}): ReturnType<typeof checkNextflow> => {
    const nextflow = program(join(base, `v${version}`, 'nextflow'), version === '' ? '' : script(version));
    return checkNextflow(subjectIn(base, { nextflow, env }));
  };
  for (const version of ['24.10.0', '24.11.0-edge', '26.04.6'])
    t.match(only(await look(version)), { state: 'ok', remedy: null }, version);
  for (const version of ['24.09.2-edge', '23.10.1', '0.30.0'])
    t.match(only(await look(version)), { state: 'failure', remedy: /self-update/ }, version);
  t.match(only(await look('26.04.6', { NXF_VER: '23.10.1' })), { state: 'failure', remedy: /NXF_VER/ });
  t.match(only(await look('26.04.6', { NXF_VER: 'latest' })), { state: 'warning', found: /latest/ });
  t.match(only(await look('')), { state: 'warning', found: /unknown version/ });
  await t.rejects(checkNextflow(subjectIn(base, { env: { PATH: base } })), { code: 'nextflow-missing' });
});

void t.test(
  'starts a wrapper for its version only if there is a state directory, and creates none',
  async (t) => {
    const base = t.testdir();
    const nextflow = program(join(base, 'nextflow'), '#!/bin/sh\necho nextflow version 25.10.2.10555\n');
    const subject = subjectIn(base, { nextflow });
    t.match(only(await checkNextflow(subject)), { state: 'warning', found: /unknown version/ });
    t.notOk(existsSync(subject.paths.state), 'nothing is created before the first launch');
    mkdirSync(subject.paths.state, { mode: 0o700, recursive: true });
    t.match(only(await checkNextflow(subject)), {
      state: 'ok',
      found: /^25\.10\.2 at .* \(from its answer to -v\)$/,
    });
  },
);
