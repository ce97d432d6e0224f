import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Run } from '../../../../daemon/contract/types.ts';
import { openLedger } from '../../../../daemon/ledger/sqlite/open.ts';
import { quoteShellWords } from '../../../../daemon/system/processes/shell-word.ts';
import { accepts, newestRun, soon } from '../../../support/hostile.ts';
import { harmfulIn } from '../../../support/hostile-text.ts';
import { root, Sandbox, until, type Ended } from '../../../support/sandbox.ts';
import { canMakeTerminals } from '../../../support/terminal.ts';

/** OSC 52, a newline, C1 controls, bidirectional and zero-width characters. 50 bytes, so that it fits in file names. */
const HOSTILE = '\x1b]52;c;eA==\x07\r\nnf-escrow: forged\u009b2J\u202e\u200b';
const ESCAPED = '\\u001b]52;c;eA==\\u0007\\u000d\\u000anf-escrow: forged\\u009b2J\\u202e\\u200b';
/** The end of the escaped text in JSON. JSON.stringify uses other escapes for the rest. */
const IN_JSON = 'forged\\u009b2J\\u202e\\u200b';
/** The output of a task. A terminal may show its colors. */
const OUTPUT = `\x1b[32mgreen\x1b[0m ${HOSTILE}\n50 %\r100 %\n`;

/** A fake nextflow with a hostile run name and hostile output, which runs until the file `go` exists. */
const NEXTFLOW = `#!/bin/bash
{
  echo "Nov-23 12:00:00.000 [main] DEBUG nextflow.Session - Run name: $RUN_NAME"
  echo "  Process: $$@$(uname -n) [127.0.0.1]"
} >.nextflow.log
printf %s "$OUTPUT"
touch here
while [ ! -e go ]; do sleep 0.05; done
`;

/** Returns a sandbox whose launch and state directories have hostile names. */
async function oddBox(t: Test): Promise<Sandbox> {
  const box = new Sandbox(t);
  const launch = join(box.directory, HOSTILE);
  mkdirSync(launch, { mode: 0o700 });
  const nextflow = join(box.directory, 'nextflow');
  writeFileSync(nextflow, NEXTFLOW, { mode: 0o755 });
  Object.assign(box.env, {
    NF_ESCROW_HOME: join(box.directory, 's\u009b\u202e'), // short, because of the limit of socket paths
    NF_ESCROW_NEXTFLOW: nextflow,
    RUN_NAME: HOSTILE.replace('\r\n', ''), // one line of the log
    OUTPUT,
  });
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: 'canary-of-the-terminal' });
  return Object.assign(box, { launch });
}

/** In a pipe, a tab separates the cells of a listing. test/unit/cli/table.test.ts shows that cells contain none. */
function isClean(t: Test, { stdout, stderr }: Ended, name: string): void {
  t.same(harmfulIn(stdout.replaceAll('\t', ' ') + stderr), [], name);
  t.notMatch(stdout + stderr, /^nf-escrow: forged/m, name);
}

void t.test('every command escapes the hostile names of a run', async (t) => {
  const box = await oddBox(t);
  const launched = await accepts(t, box, ['run', '--detach', '--json', 'main.nf', '--x', HOSTILE]);
  isClean(t, launched, 'run --json');
  const { id } = JSON.parse(launched.stdout) as Run;
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  const watch = box.start(['runs', 'watch', id]);
  const shows = async (args: string[], expected = ESCAPED): Promise<void> => {
    const ended = await soon(t, box, args);
    isClean(t, ended, args.slice(0, 2).join(' '));
    t.ok(
      (ended.stdout + ended.stderr).includes(expected),
      `${args.slice(0, 2).join(' ')} shows it escaped: ${ended.stderr}`,
    );
  };
  await shows(['runs', 'show', id], `directory    ${box.directory}/${ESCAPED}`);
  await shows(['runs', 'show', id], `command      nextflow run main.nf --x '${ESCAPED}`);
  await shows(['runs', 'show', id, '--json'], IN_JSON);
  await shows(['runs', 'list', '--json'], IN_JSON);
  await shows(['status']);
  await shows(['status', '--json'], IN_JSON);
  await shows(['runs', 'receipt', id]);
  await shows(['doctor'], 's\\u009b\\u202e');
  await shows(['daemon', 'status'], 's\\u009b\\u202e');
  await shows(['audit'], id);
  t.equal((await newestRun(box)).launchDirectory, box.launch, 'JSON has the same data');
  t.equal(
    (await accepts(t, box, ['runs', 'logs', id])).stdout,
    OUTPUT,
    'writes the original bytes to a pipe',
  );
  writeFileSync(join(box.launch, 'go'), '');
  isClean(t, await watch.ended, 'runs watch');
  await accepts(t, box, ['runs', 'wait', id]);

  // Hostile text from a plugin, a trace or a scheduler in the ledger.
  await accepts(t, box, ['daemon', 'stop']);
  const ledger = await openLedger(join(box.env['NF_ESCROW_HOME'] ?? '', 'ledger.db'));
  const job = JSON.stringify({ executor: 'slurm', id: HOSTILE, head: true, restarts: 0, name: HOSTILE });
  await ledger.db
    .updateTable('runs')
    .set({
      run_name: HOSTILE,
      outcome_evidence: HOSTILE,
      head_job: job,
      log_file: HOSTILE,
      output_file: null,
    })
    .execute();
  await ledger.db
    .insertInto('tasks')
    .values({ run_id: id, task_id: '1', process: HOSTILE, name: HOSTILE })
    .execute();
  await ledger.db
    .insertInto('exposures')
    .values({ run_id: id, secret: 'FOO_KEY', path: HOSTILE, task_id: '1', process: HOSTILE })
    .execute();
  await ledger.db
    .insertInto('task_jobs')
    .values({ run_id: id, executor: 'pbs', job_id: HOSTILE, name: HOSTILE, state: 'orphaned' })
    .execute();
  await ledger.db.updateTable('leases').set({ last_error: HOSTILE, check_result: HOSTILE }).execute();
  await ledger.close();
  await shows(['runs', 'list'], `${id}\t${ESCAPED}\tpurged`);
  await shows(['runs', 'show', id], `name         ${ESCAPED}\n`);
  await shows(['runs', 'show', id], `job          slurm ${ESCAPED}\n`);
  await shows(['runs', 'show', id], `jobs left    pbs ${ESCAPED} (${ESCAPED})`);
  await shows(['status'], `${id}  ${ESCAPED}`);
  await shows(['runs', 'receipt', HOSTILE], `1 file of 1 task of ${ESCAPED} contains its value`);
  await shows(['runs', 'receipt', id], `last error   ${ESCAPED}\n`);
  await shows(['runs', 'logs', id], `"${ESCAPED}" or its rotated files`);
  await shows(['doctor'], ESCAPED);
  await shows(['daemon', 'logs'], 's\\u009b\\u202e');
  const log = readFileSync(join(box.env['NF_ESCROW_HOME'] ?? '', 'daemon.log'), 'utf8');
  t.same(harmfulIn(log), [], 'the log is safe to print');
});

void t.test('error messages escape arguments', async (t) => {
  const box = await oddBox(t);
  writeFileSync(join(box.launch, 'passphrase'), 'x');
  const cases: string[][] = [
    ['runs', 'show', HOSTILE],
    ['runs', 'cancel', HOSTILE],
    ['runs', 'purge', HOSTILE],
    [HOSTILE],
    [`${HOSTILE}.nf`],
    ['runs', HOSTILE],
    ['status', `--${HOSTILE}`],
    ['run', `--${HOSTILE}`, 'main.nf'],
    ['run', '--nextflow', `/${HOSTILE}`, 'main.nf'],
    ['secrets', 'list', '--workspace', HOSTILE],
    ['secrets', 'set', HOSTILE],
    ['secrets', 'import', '--from', 'json', HOSTILE],
    ['compute-envs', 'show', HOSTILE],
    ['compute-envs', 'create', 'x', '--platform', 'hpc', '--head-options', `'${HOSTILE}`],
    ['config', 'get', HOSTILE],
    ['vault', 'import', HOSTILE, '--passphrase-file', 'passphrase'],
    ['completion', HOSTILE],
  ];
  for (const args of cases) {
    const name = JSON.stringify(args).replace(/[^ -~]/g, '?');
    const ended = await soon(t, box, args);
    t.not(ended.status, 0, name);
    isClean(t, ended, name);
    t.match(ended.stderr, /\\u001b\]52/, `${name}: ${ended.stderr}`);
  }
});

void t.test("on a terminal, shows colors of a run's output and escapes everything else", async (t) => {
  if (!canMakeTerminals(t)) return;
  const box = await oddBox(t);
  writeFileSync(join(box.launch, 'go'), '');
  const { id } = JSON.parse((await accepts(t, box, ['run', '--detach', '--json', 'main.nf'])).stdout) as Run;
  await accepts(t, box, ['runs', 'wait', id]);
  const command = quoteShellWords([process.execPath, join(root, 'dist/daemon/main.js'), 'runs', 'logs', id]);
  const { stdout } = await box.startProgram('script', ['-qfc', command, '/dev/null']).ended;
  t.equal(
    stdout.replaceAll('\r\n', '\n'), // added by the terminal
    `\x1b[32mgreen\x1b[0m ${ESCAPED.replace('\\u000d\\u000a', '\n')}\n50 %\\u000d100 %\n\x1b[0m`,
  );
});
