// Contract tests for the definition of every registered scheduler (daemon/schedulers/scheduler.ts). The expected values
// come from the schedulers' manuals (test/support/scheduler-samples.ts).
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readTaskJobEvent } from '../../../daemon/nextflow/logs/task-jobs.ts';
import { writeHeadScript } from '../../../daemon/run-directory/write-head.ts';
import type { RunCommand } from '../../../daemon/schedulers/command.ts';
import { createScheduler } from '../../../daemon/schedulers/create-scheduler.ts';
import { enclosingJob, submitHost } from '../../../daemon/schedulers/enclosing-job.ts';
import {
  isCommandDefault,
  isSchedulerLocation,
  isSubmitterVariable,
  variablesKeptInJob,
} from '../../../daemon/schedulers/environment.ts';
import { assertJobId, isJobId } from '../../../daemon/schedulers/job-id.ts';
import { definitions, detectExecutor } from '../../../daemon/schedulers/registry.ts';
import { variableMatcher } from '../../../daemon/schedulers/variable-patterns.ts';
import { program } from '../../support/doctor-context.ts';
import { printed, schedulerSamples } from '../../support/scheduler-samples.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

/** Invalid job ids: options, text that a shell or a parser would interpret, malformed ids. */
const HOSTILE_IDS = [
  ...['', ' ', '-1', '-u', '--all', '--user=root', '-', '- 1', '\u20111', '.', '..', '/', '../1', '*', '?'],
  ...[
    '1 2',
    '1\n',
    '1\n2',
    '\n1',
    '1\t',
    '1\0',
    '1\r',
    ' 1',
    '1 ',
    '1;id',
    '$(id)',
    '`id`',
    '1|id',
    "1'",
    '1"',
  ],
  ...[
    '1,2',
    '1-9',
    '1/2',
    '1:2',
    '1[',
    '1]',
    '1[2',
    '1[-1]',
    '1[1-9]',
    '1[1].',
    '[1]',
    '_1',
    '1_',
    '\u0661',
    '1e3',
  ],
  ...[
    '0x10',
    '+1',
    'NaN',
    'all',
    'jobId',
    '1'.repeat(400),
    `1.${'a'.repeat(400)}`,
    'toString',
    '1.a b',
    '1\\',
  ],
];

/** Variables of Nextflow, nf-escrow and the user, which no scheduler's pattern may match. */
const FOREIGN_VARIABLES = [
  ...[
    'PATH',
    'HOME',
    'USER',
    'SHELL',
    'LANG',
    'LC_ALL',
    'TZ',
    'TMPDIR',
    'LD_LIBRARY_PATH',
    'LD_PRELOAD',
    'BASH_ENV',
  ],
  ...[
    'NF_ESCROW_RUN',
    'NF_ESCROW_HOME',
    'NXF_HOME',
    'NXF_SECRETS_FILE',
    'NXF_PLUGINS_DIR',
    'NODE_OPTIONS',
    'JAVA_HOME',
  ],
  ...[
    'AWS_PROFILE',
    'AWS_SECRET_ACCESS_KEY',
    'XDG_STATE_HOME',
    'SSH_AUTH_SOCK',
    'MODULEPATH',
    'CONDA_PREFIX',
    'A',
    '_',
  ],
];

const nothing: RunCommand = () => Promise.reject(new Error('a command was called'));
const example = (pattern: string): string => pattern.replaceAll('*', 'X');

for (const definition of definitions) {
  const { executor, jobId, environment } = definition;
  const sample = schedulerSamples[executor];
  void t.test(executor, async (t) => {
    await t.test('accepts its own job ids and rejects options and shell text', async (t) => {
      for (const id of sample.ids) t.ok(isJobId(executor, id), id);
      for (const id of HOSTILE_IDS) {
        t.notOk(isJobId(executor, id), JSON.stringify(id.slice(0, 20)));
        t.throws(() => assertJobId(executor, id), { code: 'request-unprocessable' });
      }
      t.notOk(
        jobId.global || jobId.sticky || jobId.multiline,
        'the pattern has no state and no multiline flag',
      );
    });

    await t.test('passes no invalid id to a command', async (t) => {
      const scheduler = createScheduler(executor, nothing);
      for (const id of HOSTILE_IDS) {
        await t.rejects(scheduler.cancel(id), { code: 'request-unprocessable' });
        await t.rejects(scheduler.jobs([sample.ids[0] ?? '', id]), { code: 'request-unprocessable' });
      }
    });

    await t.test('returns a valid id or an error', async (t) => {
      const [id = ''] = sample.ids;
      const submission = {
        name: 'nf-escrow-r1',
        script: '/r/head',
        output: '/o',
        requeue: false,
        options: [],
      };
      const answering = (stdout: string): ReturnType<typeof createScheduler> =>
        createScheduler(executor, async () => printed(stdout));
      t.equal(await answering(sample.submitted(id)).submit(submission), id);
      t.same(await answering(sample.named(id, 'nf-escrow-r1')).find('nf-escrow-r1'), [id]);
      for (const hostile of HOSTILE_IDS) {
        const given = await Promise.allSettled([
          answering(sample.submitted(hostile))
            .submit(submission)
            .then((one) => [one]),
          answering(sample.named(hostile, 'nf-escrow-r1')).find('nf-escrow-r1'),
        ]);
        for (const one of given)
          if (one.status === 'fulfilled')
            t.ok(
              one.value.every((found) => jobId.test(found)),
              JSON.stringify(one.value),
            );
          else t.match(one.reason, { code: 'scheduler-unavailable' });
      }
    });

    await t.test("reads its jobs from Nextflow's log and ignores forged lines", async (t) => {
      const line = (name: string, id: string): string =>
        `Nov-23 12:00:00.000 [Task submitter] DEBUG n.executor.GridTaskHandler - [${name}] submitted process look (1) > jobId: ${id}; workDir: /w/ab/cd`;
      t.ok(definition.logNames.length > 0);
      for (const name of definition.logNames) {
        for (const id of sample.ids)
          t.same(readTaskJobEvent(line(name, id)), {
            submitted: { executor, id, name: 'look (1)', workDirectory: '/w/ab/cd' },
          });
        for (const id of HOSTILE_IDS)
          t.equal(readTaskJobEvent(line(name, id)), undefined, JSON.stringify(id.slice(0, 20)));
      }
      const forged = line(definition.logNames[0] ?? '', '-1').replace(
        'look (1)',
        'Task completed > TaskHandler[jobId: 1; ',
      );
      t.equal(readTaskJobEvent(forged), undefined, "a task name cannot forge another job's end");
      const inName = line(definition.logNames[0] ?? '', sample.ids[0] ?? '').replace(
        'look (1)',
        `look (a > jobId: 99; workDir: /w/no)`,
      );
      t.match(readTaskJobEvent(inName), { submitted: { id: sample.ids[0], workDirectory: '/w/ab/cd' } });
    });

    await t.test('reads the enclosing job and its submit host from the environment', async (t) => {
      const directory = temporaryDirectory(t);
      for (const id of sample.ids) {
        const env = sample.inJob(id, directory);
        t.same(enclosingJob(env), { executor, id, restarts: sample.restarts });
        t.equal(submitHost(env), 'login1');
      }
      for (const id of HOSTILE_IDS)
        t.equal(enclosingJob(sample.inJob(id, directory)), undefined, JSON.stringify(id.slice(0, 20)));
      t.equal(definition.readJob({}).id, undefined);
      t.equal(definition.readSubmitHost({}), undefined);
    });

    await t.test('is detected by its commands, even those that other schedulers share', async (t) => {
      const directory = temporaryDirectory(t);
      t.ok(
        sample.commands.includes(definition.markerCommand) &&
          sample.commands.includes(definition.submitCommand),
      );
      for (const command of sample.commands) program(join(directory, command), '#!/bin/sh\n');
      t.equal(detectExecutor(directory), executor);
    });

    await t.test('maps every state to a phase and an end reason', async (t) => {
      const { waiting, running, ended } = sample.states;
      t.same(
        Object.keys(await definition.states()).sort(),
        [...waiting, ...running, ...Object.keys(ended)].sort(),
      );
      const [id = ''] = sample.ids;
      const look = async (state: string): Promise<unknown> => {
        const scheduler = createScheduler(executor, async () => printed(sample.listed(id, state)));
        return (await scheduler.jobs([id])).get(id);
      };
      for (const state of waiting) t.match(await look(state), { id, phase: 'waiting', end: null });
      for (const state of running) t.match(await look(state), { id, phase: 'running', end: null });
      for (const [state, end] of Object.entries(ended))
        t.match(await look(state), { id, phase: 'ended', end });
      for (const state of ['NOSUCH', 'toString', '__proto__', ''])
        await t.rejects(look(state), { code: 'scheduler-unavailable' }, `"${state}" is unknown`);
    });

    await t.test('names only its own variables, in patterns that a shell can use', async (t) => {
      const { location, job, submitter, defaults } = environment;
      for (const pattern of [location, job, submitter, defaults].flat()) {
        t.match(pattern, /^[A-Z_][A-Z0-9_*]*$/);
        for (const name of FOREIGN_VARIABLES)
          t.notOk(variableMatcher([pattern])(name), `${pattern} does not match ${name}`);
      }
      for (const name of environment.location.map(example)) {
        t.ok(isSchedulerLocation(name), `the daemon keeps ${name}`);
        t.notOk(isCommandDefault(name), `its commands keep ${name}`);
      }
      for (const name of environment.submitter.map(example))
        t.ok(isSubmitterVariable(name), `${name} is not passed on`);
    });

    await t.test(
      'keeps the variables that identify a job in that job, and drops those of the submitter',
      async (t) => {
        const read = new Set<string>();
        const env = new Proxy(sample.inJob(sample.ids[0] ?? '', temporaryDirectory(t)), {
          get: (target, name) => {
            read.add(String(name));
            return Reflect.get(target, name) as unknown;
          },
        });
        definition.readJob(env);
        t.ok(read.size > 0);
        for (const name of read) {
          t.ok(variableMatcher(environment.job)(name), `a head job keeps ${name}`);
          t.ok(isSubmitterVariable(name), `a head job does not inherit ${name}`);
        }
      },
    );

    await t.test('keeps only its own variables in a head job', async (t) => {
      const own = [...environment.location, ...environment.job].map(example);
      const others = [...environment.submitter, ...environment.defaults].map(example);
      const isKept = variableMatcher(variablesKeptInJob);
      const set = Object.fromEntries([...own, ...others].map((name) => [name, 'own']));
      const seen = runHeadScript(temporaryDirectory(t), { ...set, OF_THE_NODE: 'x', nfe_directory: 'x' });
      for (const name of own) t.equal(seen[name], 'own', name);
      for (const name of others) if (!isKept(name)) t.equal(seen[name], undefined, name);
      t.equal(seen['OF_THE_NODE'], undefined);
      t.equal(seen['OF_THE_SUBMITTER'], 'y');
      t.match(seen, canaries, "the submitter's variables are not changed");
      t.notOk(Object.keys(seen).some((name) => name.startsWith('nfe_')));
      t.match(seen['BASH_FUNC_rm%%'], /canary/, "nor replace the script's commands");
    });

    await t.test('detects options that make a job restartable', async (t) => {
      for (const options of sample.requeue) t.ok(definition.requestsRequeue(options), options.join(' '));
      for (const options of sample.noRequeue) t.notOk(definition.requestsRequeue(options), options.join(' '));
    });
  });
}

/** Variables of a submitter, with names that a script could use. */
const canaries = Object.fromEntries(
  ['directory', 'requeue', 'name', 'entry', 'entries', 'CDPATH'].map((name) => [name, '/canary']),
);

/** Runs the script of a head job in the scheduler's environment `env` and returns the environment of the shim. */
function runHeadScript(directory: string, env: Readonly<Record<string, string>>): Record<string, string> {
  const seen = join(directory, 'seen');
  writeFileSync(join(directory, 'armed'), '');
  const entries = Object.entries({
    ...canaries,
    'BASH_FUNC_rm%%': '() { : canary; }',
    OF_THE_SUBMITTER: 'y',
  });
  const text = entries.map(([name, value]) => `${name}=${value}\0`).join('');
  writeFileSync(join(directory, 'environment'), `nfe_directory=/canary\0${text}`);
  writeFileSync(join(directory, 'shim'), `env -0 >'${seen}'\n`);
  const head = { directory, launchDirectory: directory, arguments: [], requeue: false };
  const script = writeHeadScript({ ...head, keptVariables: variablesKeptInJob });
  const { status, stderr } = spawnSync('/bin/bash', [script], {
    env: { PATH: process.env['PATH'], HOME: directory, ...env },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  if (existsSync(join(directory, 'environment'))) throw new Error('the environment file was not removed');
  const found = readFileSync(seen, 'utf8').split('\0').filter(Boolean);
  return Object.fromEntries(found.map((entry) => entry.split(/=(.*)/s, 2) as [string, string]));
}
