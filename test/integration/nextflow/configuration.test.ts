import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readConfiguration, readRunLine } from '../../../daemon/nextflow/launcher/configuration.ts';
import { configOverlay } from '../../../daemon/nextflow/launcher/overlay.ts';
import type { AwsSettings } from '../../../daemon/contract/types.ts';
import { temporaryDirectory } from '../../support/temporary.ts';
import { environmentOf } from '../../support/aws/test-aws.ts';
import { awsBatchConfiguration } from '../../../daemon/stores/aws/configuration.ts';

const settings: AwsSettings = {
  region: 'eu-west-1',
  queue: 'spot',
  workDir: 's3://lab/work',
  executionRole: 'arn:aws:iam::123456789012:role/execution',
};

const onBatch = (its: AwsSettings) => awsBatchConfiguration(environmentOf(its));

void t.test('evaluates the configuration of the same run', async (t) => {
  const asked = (...args: string[]): string[] => readRunLine(args).question;
  t.same(asked('run', 'main.nf'), ['config', '-flat', 'main.nf']);
  t.same(
    asked(
      '-c',
      'a.config',
      'run',
      '-c',
      'b.config',
      'lab/rna',
      '-profile',
      'x,y',
      '-r',
      'v1',
      '--input',
      'z',
    ),
    [...['-c', 'a.config', '-c', 'b.config', 'config', '-flat', '-profile', 'x,y', '-r', 'v1', 'lab/rna']],
  );
  t.same(asked('-log', 'x.log', '-bg', '-C', 'only.config', 'run', 'main.nf', '-resume'), [
    ...['-C', 'only.config', 'config', '-flat', 'main.nf'],
  ]);
  t.same(asked('main.nf', '-profile', 'x'), ['config', '-flat', '-profile', 'x', 'main.nf']);
});

void t.test('omits the revision for a Nextflow whose config command does not support it', async (t) => {
  const directory = temporaryDirectory(t);
  const [nextflow, asked] = [join(directory, 'nextflow'), join(directory, 'asked')];
  const answer = (revision: string): void => {
    const text = `#!/bin/sh
echo "$*" >> '${asked}'
case "$*" in *' -r '*) ${revision} ;; esac
echo "process.queue = 'long'"
`;
    writeFileSync(nextflow, text, { mode: 0o755 });
    writeFileSync(asked, '');
  };
  const read = async (...args: string[]): Promise<object> =>
    readConfiguration(nextflow, args, { env: process.env, cwd: directory, state: join(directory, 'state') });
  const questions = (): string[] =>
    readFileSync(asked, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.replace(/^-log \S+ -q /, ''));
  // The message of 25.10.
  answer(
    `echo "Unknown option: -r -- Check the available commands and options and syntax with 'help'" >&2; exit 1`,
  );
  t.same(await read('run', 'lab/rna', '-r', 'v1', '-profile', 'x'), { 'process.queue': 'long' });
  t.same(await read('run', 'lab/rna', '-r', 'v1', '-w', 's3://mine'), {
    'process.queue': 'long',
    workDir: 's3://mine',
  });
  t.same(questions().slice(2), ['config -flat -r v1 lab/rna', 'config -flat lab/rna']);
  answer('');
  t.same(await read('run', 'lab/rna', '-r', 'v1'), { 'process.queue': 'long' });
  t.same(questions(), ['config -flat -r v1 lab/rna'], 'a newer Nextflow is called once');
  answer('echo "Unknown revision v1" >&2; exit 1');
  await t.rejects(read('run', 'lab/rna', '-r', 'v1'), {
    code: 'config-invalid',
    message: /Unknown revision v1/,
    hint: 'Reproduce the error with: nextflow config -flat -r v1 lab/rna',
  });
  t.equal(questions().length, 1, 'reports any other error at once');
});

void t.test('reads settings from options of run', async (t) => {
  const said = (...args: string[]): object => readRunLine(['run', 'main.nf', ...args]).configured;
  t.same(said(), {});
  t.same(said('-w', 's3://mine/w'), { workDir: 's3://mine/w' });
  t.same(said('-work-dir', 's3://mine/w', '-process.queue=big'), {
    workDir: 's3://mine/w',
    'process.queue': 'big',
  });
  t.same(said('-process.executor=local', '-process.queue=big'), {
    'process.executor': 'local',
    'process.queue': 'big',
  });
  t.same(said('--w', 'no option of nextflow'), {});
});

void t.test('sets only keys that are not set yet', async (t) => {
  const lines = (configured: Parameters<typeof configOverlay>[1]): string[] =>
    (configOverlay(onBatch(settings), configured) ?? '').trim().split('\n').slice(1);
  t.same(lines({}), [
    "process.executor = 'awsbatch'",
    "process.queue = 'spot'",
    "workDir = 's3://lab/work'",
    "aws.region = 'eu-west-1'",
    "aws.batch.executionRole = 'arn:aws:iam::123456789012:role/execution'",
  ]);
  const { configured } = readRunLine(['run', 'main.nf', '-w', 's3://mine', '-process.queue=big']);
  t.same(lines({ ...configured, 'aws.region': 'eu-west-1' }), [
    "process.executor = 'awsbatch'",
    "aws.batch.executionRole = 'arn:aws:iam::123456789012:role/execution'",
  ]);
  t.throws(() => configOverlay(onBatch(settings), { 'aws.region': 'us-east-1' }), {
    code: 'compute-environment-invalid',
  });
  t.throws(
    () =>
      configOverlay(onBatch(settings), {
        'aws.batch.executionRole': 'arn:aws:iam::123456789012:role/x',
      }),
    {
      code: 'compute-environment-invalid',
    },
  );
  t.match(
    configOverlay(onBatch({ ...settings, workDir: "s3://lab/it's" }), {}) ?? '',
    String.raw`workDir = 's3://lab/it\'s'`,
  );
});
