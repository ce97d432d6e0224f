import t from 'tap';
import { RUN_OPTIONS, splitRunOptions } from '../../../daemon/cli/launch/run-options.ts';
import { buildRunArguments, readCommandLine } from '../../../daemon/nextflow/launcher/arguments.ts';
import { expectedLog, readLogLine, type LogFacts } from '../../../daemon/nextflow/logs/log.ts';
import { TraceReader } from '../../../daemon/nextflow/logs/trace.ts';

void t.test("keeps Nextflow's arguments and moves launcher options before run", async (t) => {
  const cases: [string, string][] = [
    ['main.nf --input x', 'run main.nf --input x'],
    ['-profile p main.nf -resume', 'run -profile p main.nf -resume'],
    ['-log x.log -c a.config main.nf', '-log x.log run -c a.config main.nf'],
    ['-resume -w /w main.nf', 'run -resume -w /w main.nf'],
    ['-resume main.nf -log x.log', 'run -resume main.nf -log x.log'],
    ['-resume last -q main.nf', '-q run -resume last main.nf'],
    [
      '-resume 6f248a2b-22b4-400a-b861-3985b491a81c -q main.nf',
      '-q run -resume 6f248a2b-22b4-400a-b861-3985b491a81c main.nf',
    ],
    ['-stub main.nf', 'run -stub main.nf'],
    [
      '-process.cpus 2 -process.memory=1GB -log x main.nf',
      '-log x run -process.cpus 2 -process.memory=1GB main.nf',
    ],
    ['-ansi-log -N -log x main.nf', '-log x run -ansi-log -N main.nf'],
    ['-C only.config -q main.nf -- y', '-C only.config -q run main.nf -- y'],
    ['- --x 1', 'run - --x 1'],
    ['main.nf --log -log', 'run main.nf --log -log'],
  ];
  for (const [given, expected] of cases)
    t.equal(buildRunArguments(given.split(' ')).arguments.join(' '), expected, given);
  t.equal(buildRunArguments(['main.nf', '-bg']).background, true);
  t.equal(buildRunArguments(['main.nf']).background, false);
  const log = (args: string[], env = {}): string =>
    expectedLog('/launch', buildRunArguments(args).arguments, env);
  t.equal(log(['-log', 'x.log', 'main.nf']), '/launch/x.log');
  t.equal(log(['main.nf'], { NXF_LOG_FILE: '/elsewhere/log' }), '/elsewhere/log');
  t.equal(log(['main.nf'], { NXF_LOG_FILE: '' }), '/launch/.nextflow.log');
  t.equal(log(['main.nf', '-log', 'x.log']), '/launch/.nextflow.log', "ignores a parameter's value");
});

void t.test('rejects ambiguous or incomplete command lines', async (t) => {
  t.throws(() => buildRunArguments([]), { code: 'usage', message: /Missing argument PIPELINE/ });
  t.throws(() => buildRunArguments(['-profile', 'p', '--input', 'x', 'main.nf']), {
    code: 'usage',
    message: /follow the pipeline/,
  });
  t.throws(() => splitRunOptions(['--workspce', 'a/b', 'main.nf']), {
    code: 'usage',
    message: /Did you mean --workspace/,
  });
  t.throws(() => splitRunOptions(['--input', 'x', 'main.nf']), { code: 'usage' });
  t.throws(() => splitRunOptions(['--workspace']), { code: 'usage' });
  t.throws(() => splitRunOptions(['--no-secrets', '--only-secret', 'AB', 'main.nf']), { code: 'usage' });
});

void t.test('parses leading options only, up to the first other argument', async (t) => {
  const options = splitRunOptions([
    '--workspace=a/b',
    '--only-secret',
    'AB',
    '--explain',
    'main.nf',
    '--input',
    '--reads',
    'x',
  ]);
  t.match(options, { workspace: 'a/b', explain: true, selection: { only: [{ name: 'AB', scope: null }] } });
  t.same(options.rest, ['main.nf', '--input', '--reads', 'x']);
  t.same(splitRunOptions(['--', '--explain']).rest, ['--explain']);
});

void t.test('refuses its own options among the arguments of Nextflow', async (t) => {
  const ours = RUN_OPTIONS.filter((option) => option !== '--help');
  t.ok(ours.includes('--no-secrets') && ours.includes('--allow-param'));
  for (const option of ours)
    for (const [first, ...more] of [
      ['main.nf', option],
      ['main.nf', `${option}=true`],
      ['main.nf', '--input', option, 'x'],
      ['-profile', 'p', option, 'main.nf'],
      ['-', '-resume', '--x=1', `${option}=`],
    ])
      t.throws(
        () => splitRunOptions(['--workspace', 'a/b', first ?? '', ...more]),
        {
          code: 'usage',
          message: `Cannot pass ${option} to the pipeline: it is an option of nf-escrow run, and it follows the arguments of Nextflow.`,
          hint: new RegExp(`nf-escrow run ${option} .*--allow-param ${option.slice(2)} `),
        },
        [first, ...more].join(' '),
      );
});

void t.test('passes parameters with the names of its options if the command line permits it', async (t) => {
  const rest = ['main.nf', '--no-secrets', '--json=x', '--workspace', 'y'];
  t.same(splitRunOptions(['--detach', '--', ...rest]).rest, rest);
  const allow = ['--allow-param', 'no-secrets', '--allow-param=--json', '--allow-param', 'workspace'];
  const allowed = splitRunOptions([...allow, ...rest]);
  t.same(allowed.rest, rest);
  t.same(allowed.selection, {}, 'an allowed parameter is no option');
  t.throws(() => splitRunOptions([...allow.slice(0, 3), ...rest]), { message: /^Cannot pass --workspace / });
  t.throws(() => splitRunOptions(['--allow-param', 'input', 'main.nf']), {
    code: 'usage',
    message: /^Cannot allow the parameter "input": nf-escrow run has no option of this name\.$/,
  });
  t.throws(() => splitRunOptions(['--allow-param', 'input', '--', 'main.nf']), { code: 'usage' });
  for (const unrelated of [
    ['main.nf', '--', '--no-secrets'],
    ['main.nf', '--help'],
    ['main.nf', '--noSecrets', '--no-secret', '--workspace.name', 'x', '--only-secrets'],
    ['main.nf', '-resume', '-N', 'me@example.org', 'json', 'detach'],
  ])
    t.same(splitRunOptions(unrelated).rest, unrelated, unrelated.join(' '));
});

void t.test('reads name, session and end from the log', async (t) => {
  const facts: LogFacts = {};
  for (const line of [
    'Nov-23 17:10:38.020 [main] DEBUG nextflow.Session - Session UUID: 6f248a2b-22b4-400a-b861-3985b491a81c',
    'Nov-23 17:10:38.021 [main] DEBUG nextflow.Session - Run name: romantic_nobel',
    'Nov-23 17:10:42.920 [SIGTERM handler] DEBUG nextflow.Session - Session aborted -- Cause: SIGTERM',
    'Nov-23 17:10:39.822 [main] DEBUG n.trace.WorkflowStatsObserver - Workflow completed > WorkflowStats[succeededCount=1]',
    'Nov-23 17:10:39.856 [main] DEBUG nextflow.script.ScriptRunner - > Execution complete -- Goodbye',
    '  something else',
  ]) {
    readLogLine(facts, line);
  }
  t.same(facts, {
    runName: 'romantic_nobel',
    sessionId: '6f248a2b-22b4-400a-b861-3985b491a81c',
    abortCause: 'SIGTERM',
    completed: true,
    goodbye: true,
  });
});

void t.test('reads the columns that the user has chosen, and reports malformed rows', async (t) => {
  const reader = new TraceReader();
  t.equal(reader.read('task_id\tname\tstatus'), undefined);
  t.match(reader.read('1\tHELLO\tCOMPLETED'), {
    task: { taskId: '1', name: 'HELLO', status: 'COMPLETED', exit: null },
  });
  t.match(reader.read('2\tHEL\tLO\tCOMPLETED'), { reason: /4 cells under 3 columns/ });
});

void t.test('handles only nextflow command lines that evaluate a pipeline', async (t) => {
  const isFile = (path: string): boolean => path === 'main.nf' || path === 'log';
  const cases: [string, boolean][] = [
    ['run main.nf --x 1', true],
    ['-log x.log run main.nf', true],
    ['-c my.config -q run hello', true],
    ['-C my.config run -', true],
    ['-bg run main.nf', true],
    ['-syslog run main.nf', true],
    ['-syslog host run main.nf', true],
    ['main.nf --x 1', true],
    ['other.nf', false],
    ['-q main.nf', false],
    ['log', false],
    ['log run', false],
    ['run -h', false],
    ['-version', false],
    ['config -profile run', true],
    ['inspect main.nf', true],
    ['-q config -flat', true],
    ['config -h', false],
    ['lint main.nf', false],
    ['', false],
  ];
  for (const [line, wanted] of cases) {
    const args = line === '' ? [] : line.split(' ');
    const read = readCommandLine(args, isFile);
    t.equal(read !== undefined, wanted, line);
    if (read !== undefined) t.same(read.arguments, args, 'verbatim');
  }
  const parameters = ['run', 'main.nf', '--no-secrets', '--workspace', 'x'];
  t.same(readCommandLine(parameters, isFile)?.arguments, parameters, 'has no options of our own');
  t.equal(readCommandLine(['-bg', 'run', 'x'], isFile)?.background, true);
  t.equal(readCommandLine(['config'], isFile)?.command, 'config');
  t.equal(readCommandLine(['main.nf'], isFile)?.command, 'run');
});
