import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Problem, Run, RunList } from '../../../daemon/contract/types.ts';
import { accepts, soon } from '../../support/hostile.ts';
import { Sandbox, until, type Started } from '../../support/sandbox.ts';

/** Nextflow keeps names unique within one launch directory, and `-name` chooses one: two directories may share it. */
const NAME = 'happy_euler';
const NEXTFLOW = `#!/bin/bash
{
  echo "Nov-23 12:00:00.000 [main] DEBUG nextflow.Session - Run name: ${NAME}"
  echo "  Process: $$@$(uname -n) [127.0.0.1]"
} >.nextflow.log
trap 'exit 143' TERM
touch here
while [ ! -e go ]; do sleep 0.05; done
`;

interface Named {
  readonly id: string;
  readonly directory: string;
  readonly started: Started;
}

/** Starts a run with that name in its own directory, and waits until the daemon knows its name. */
async function startNamed(box: Sandbox, name: string): Promise<Named> {
  const directory = join(box.directory, name);
  mkdirSync(directory);
  const started = box.start(['run', 'main.nf'], { cwd: directory });
  await until('the task runs', () => existsSync(join(directory, 'here')));
  const { id } = await until('the daemon knows the name', async () => {
    const { runs } = await box.json<RunList>(['runs', 'list']);
    return runs.find((run) => run.launchDirectory === directory && run.runName === NAME);
  });
  return { id, directory, started };
}

async function stateOf(box: Sandbox, { id }: Named): Promise<string> {
  return (await box.json<Run>(['runs', 'show', id])).state;
}

async function refusesBoth(t: Test, box: Sandbox, args: string[], ids: readonly string[]): Promise<void> {
  const { status, stderr } = await soon(t, box, args);
  t.equal(status, 1, args.join(' '));
  t.match(stderr, `Run name "${NAME}" is ambiguous: 2 live runs have it.`);
  for (const id of ids) t.match(stderr, id, `${args.join(' ')} lists it`);
}

void t.test('commands that change a run refuse a name of two live runs and list both', async (t) => {
  const box = new Sandbox(t);
  const nextflow = join(box.directory, 'nextflow');
  writeFileSync(nextflow, NEXTFLOW, { mode: 0o755 });
  box.env['NF_ESCROW_NEXTFLOW'] = nextflow;
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: 'x' });
  const older = await startNamed(box, 'older');
  t.equal((await accepts(t, box, ['runs', 'show', NAME])).stderr, '', 'accepts a unique name');
  const newer = await startNamed(box, 'newer');
  const ids = [newer.id, older.id];

  await refusesBoth(t, box, ['runs', 'cancel', NAME], ids);
  await refusesBoth(t, box, ['runs', 'purge', NAME], ids);
  await refusesBoth(t, box, ['runs', 'purge', NAME, '--force', '--yes'], ids);
  await refusesBoth(t, box, ['runs', 'wait', NAME], ids);
  const problem = JSON.parse((await box.http('POST', `/v1/runs/${NAME}/cancel`)).text) as Problem;
  t.match(problem, {
    status: 409,
    code: 'run-ambiguous',
    hint: `Use the id of one of them: ${ids.join(', ')}`,
  });
  for (const run of [older, newer]) t.equal(await stateOf(box, run), 'running', 'changes nothing');
  t.equal((await box.json<Run>(['runs', 'show', older.id])).pendingRemovals, 1, 'keeps its secrets');

  for (const args of [
    ['runs', 'show'],
    ['runs', 'receipt'],
    ['runs', 'logs'],
  ]) {
    const { stdout, stderr } = await accepts(t, box, [...args, NAME]);
    t.match(
      stderr,
      `2 live runs are named ${NAME}. This is the newest, ${newer.id}; the others are ${older.id}.`,
    );
    if (args[1] !== 'logs') t.match(stdout, newer.id);
  }
  t.same((await box.json<Run>(['runs', 'show', NAME])).namesakes, [older.id]);
  const byId = await accepts(t, box, ['runs', 'show', newer.id, '--json']);
  t.equal(byId.stderr, '');
  t.notOk('namesakes' in (JSON.parse(byId.stdout) as Run), 'an id is unambiguous');

  await accepts(t, box, ['runs', 'cancel', newer.id]);
  await newer.started.ended;
  t.match(await soon(t, box, ['runs', 'wait', newer.id]), { status: 143 });
  t.match(await box.json<Run>(['runs', 'show', NAME]), { id: older.id }, 'prefers the live run');
  await accepts(t, box, ['runs', 'cancel', NAME]);
  t.match(await older.started.ended, { status: 143 });
  t.match(await soon(t, box, ['runs', 'wait', older.id]), { status: 143 });
  t.match(
    await box.json<Run>(['runs', 'show', NAME]),
    { id: newer.id },
    'prefers the newest of the ended runs',
  );
});
