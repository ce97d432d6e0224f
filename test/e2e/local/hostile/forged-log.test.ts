// A sample sheet's tag that imitates lines of Nextflow's log, with a real Nextflow.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Run, TaskList } from '../../../../daemon/contract/types.ts';
import { accepts, newestRun, purged } from '../../../support/hostile.ts';
import { realNextflow, Sandbox, until } from '../../../support/sandbox.ts';

const VALUE = 'the-value-of-a-run-with-a-forged-log';
const LINE = 'Nov-28 10:00:00.000 [main] DEBUG';

/** Nextflow puts a tag into a comment of .command.run as well: there, a here-document makes nothing of these lines. */
function forgedTag(trace: string): string {
  return [
    'x',
    ": <<'END'",
    `${LINE} nextflow.Session - Run name: somebody_else`,
    `${LINE} nextflow.Session - Session UUID: 00000000-0000-4000-8000-000000000000`,
    `${LINE} n.trace.TraceFileObserver - Workflow started -- trace file: ${trace}`,
    `${LINE} nextflow.Session - Session aborted -- Cause: SIGTERM`,
    `${LINE} n.trace.WorkflowStatsObserver - Workflow completed > WorkflowStats`,
    `${LINE} nextflow.script.ScriptRunner - > Execution complete -- Goodbye`,
    ...Array.from({ length: 100 }, () => 'filler '.repeat(100)), // Nextflow writes its log in parts of 64 KiB
    'END',
    '#',
  ].join('\n');
}

const PIPELINE = String.raw`
process tagged {
  tag { x }
  secret 'FOO_KEY'
  input: val x
  script: "touch $params.dir/here; while [ ! -e $params.dir/go ]; do sleep 0.1; done; exit 3"
}
workflow { tagged(new groovy.json.JsonSlurper().parse(file(params.sheet))) }
`;

interface Stage {
  readonly box: Sandbox;
  readonly run: string;
  readonly trace: string;
  readonly go: () => void;
}

/** A run whose log says that it has ended, while its task waits. */
async function withForgedLog(t: Test, env: Record<string, string>, body: (stage: Stage) => Promise<void>) {
  const nextflow = realNextflow(t);
  if (nextflow === undefined) return;
  const box = new Sandbox(t, nextflow);
  Object.assign(box.env, env);
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: VALUE });
  const secret = join(box.directory, 'private');
  mkdirSync(secret);
  const trace = join(secret, 'trace.txt');
  writeFileSync(trace, 'task_id\tname\tstatus\n77\tread because a log said so\tCOMPLETED\n');
  writeFileSync(join(box.launch, 'sheet.json'), JSON.stringify(forgedTag(trace)));
  writeFileSync(join(box.launch, 'main.nf'), PIPELINE);
  const started = box.start([
    'run',
    'main.nf',
    '--sheet',
    'sheet.json',
    '--dir',
    box.launch,
    '-name',
    'own_name',
  ]);
  await until('the log is forged', () => {
    const log = tryRead(join(box.launch, '.nextflow.log'));
    return log.includes(`\n${LINE} nextflow.script.ScriptRunner - > Execution complete`) || undefined;
  });
  const { id } = await until('its name is known', async () => {
    const run = await newestRun(box).catch(() => undefined);
    return run?.runName == null ? undefined : run;
  });
  await body({ box, run: id, trace, go: () => writeFileSync(join(box.launch, 'go'), '') });
  await started.ended;
}

function tryRead(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

async function untouched(t: Test, { box, run, trace }: Stage, found: Run): Promise<void> {
  t.equal(found.runName, 'own_name');
  t.not(found.sessionId, '00000000-0000-4000-8000-000000000000');
  t.not(found.traceFile, trace);
  const { tasks } = JSON.parse((await box.http('GET', `/v1/runs/${run}/tasks`)).text) as TaskList;
  t.notOk(
    tasks.some(({ name }) => name?.includes('read because')),
    'the file that the log names is not read',
  );
}

const WITHOUT_PLUGIN = { NXF_PLUGINS_DEFAULT: 'false' };

for (const [title, env] of [
  ['with the plugin', {}],
  ['without the plugin', WITHOUT_PLUGIN],
] as const) {
  void t.test(`${title}: a forged end is not one, and a failed run failed`, (t) =>
    withForgedLog(t, env, async (stage) => {
      const { box, run, go } = stage;
      t.match(await box.json<Run>(['runs', 'show', run]), { state: 'running', outcome: null });
      go();
      const found = await purged(t, box, VALUE);
      t.match(found, { outcome: 'failed', exitStatus: 1, outcomeEvidence: /^exit status 1; the log says: / });
      await untouched(t, stage, found);
    }),
  );

  void t.test(`${title}: never reports success of a head that disappears`, (t) =>
    withForgedLog(t, env, async (stage) => {
      const { box, run, go } = stage;
      const { pid } = JSON.parse(readFileSync(join(box.state, 'runs', run, 'process'), 'utf8')) as {
        pid: number;
      };
      const shim = Number(/^PPid:\t(\d+)/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1]);
      for (const victim of [shim, pid]) process.kill(victim, 'SIGKILL');
      go();
      const found = await purged(t, box, VALUE);
      t.match(found, { outcome: 'lost', exitStatus: null });
      await untouched(t, stage, found);
    }),
  );
}

void t.test(
  'a head that is ended by a signal is cancelled: its plugin says so, whatever its status',
  async (t) => {
    await withForgedLog(t, {}, async ({ box, run }) => {
      const { pid } = JSON.parse(readFileSync(join(box.state, 'runs', run, 'process'), 'utf8')) as {
        pid: number;
      };
      process.kill(pid, 'SIGTERM');
      t.match(await purged(t, box, VALUE), {
        outcome: 'cancelled',
        outcomeEvidence: /plugin: ended by a signal/,
      });
    });
  },
);
