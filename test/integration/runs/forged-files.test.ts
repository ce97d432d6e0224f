// Files that a task writes into the run directory to make its run look ended or alive.
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { liveness } from '../../../daemon/system/processes/process-identity.ts';
import { hold, type Holder } from '../../support/held-fifo.ts';
import { overHead, placeRun, writeExit, type Placed } from '../../support/placed-run.ts';
import { until } from '../../support/sandbox.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const NOW = { force: false, asked: true };
const FORGED_END = '{"type":"run.end","success":true}\n';

interface Started extends Placed {
  readonly head: Holder;
  /** Asserts that the run counts as alive. */
  readonly lives: (what: string) => Promise<unknown>;
}

/** Starts a run whose head is named like a JVM and has been seen by the daemon. */
async function started(t: Test): Promise<Started> {
  const placed = await placeRun(t);
  const { modules, id, directory } = placed;
  placed.start();
  const head = await hold(t, join(directory, 'alive'), 'java');
  writeFileSync(join(directory, 'started'), ''); // the shim removes the token
  writeFileSync(join(directory, 'process'), JSON.stringify(head.identity));
  const lives = (what: string) => t.rejects(modules.runs.purge(id, NOW), { code: 'run-alive' }, what);
  await lives('its head runs');
  return { ...placed, head, lives };
}

void t.test('ignores an exit file and an end event that a task wrote', async (t) => {
  const { modules, id, directory, head, lives } = await started(t);
  for (const text of ['0\n', `0 ${'a'.repeat(32)}\n`, '0 0 0', '999\n']) {
    writeFileSync(join(directory, 'exit'), text);
    appendFileSync(join(directory, 'events.jsonl'), FORGED_END);
    await lives(`with ${text.trim()}`);
  }
  t.ok(existsSync(directory));
  // A later event of the plugin contradicts the forged end.
  appendFileSync(join(directory, 'events.jsonl'), '{"type":"task.submit","task":"1"}\n');
  await head.kill();
  t.match(await modules.runs.purge(id, NOW), {
    state: 'purged',
    outcome: 'lost',
    exitStatus: null,
    outcomeEvidence: /an exit file that the shim did not write/,
  });
});

void t.test("accepts the shim's exit file once nextflow has ended", async (t) => {
  const placed = await placeRun(t);
  const { modules, id, directory } = placed;
  placed.start();
  const head = await hold(t, join(directory, 'alive'), 'java');
  writeFileSync(join(directory, 'process'), JSON.stringify(head.identity));
  writeExit(directory, 0);
  await t.rejects(modules.runs.purge(id, NOW), { code: 'run-alive' }, 'nextflow is alive');
  const left = await hold(t, join(directory, 'alive'), 'daemonized');
  await head.kill();
  t.match(await modules.runs.purge(id, NOW), { state: 'purged', outcome: 'succeeded', exitStatus: 0 });
  t.equal(liveness(left.identity), 'alive', 'a leftover process does not delay the purge');
});

void t.test('a FIFO that was replaced, removed, written to or closed does not end a run', async (t) => {
  const { modules, id, directory, head, lives } = await started(t);
  const alive = join(directory, 'alive');
  execFileSync('bash', ['-c', 'echo something >"$0"', alive]);
  await lives('the FIFO contains data');
  execFileSync('chmod', ['0', alive]);
  await lives('mode 0');
  rmSync(join(directory, 'process'));
  renameSync(alive, `${alive}.other`);
  await lives('renamed');
  renameSync(`${alive}.other`, alive);
  const replacements: readonly (readonly [string, () => void])[] = [
    ['another FIFO', () => execFileSync('mkfifo', [alive])],
    ['a file', () => writeFileSync(alive, '')],
    ['nothing', () => undefined],
  ];
  for (const [what, replace] of replacements) {
    rmSync(alive, { force: true });
    replace();
    await lives(`${what} instead`);
    writeFileSync(join(directory, 'process'), JSON.stringify(overHead));
    await lives(`${what} instead, and another head`);
  }
  await head.kill();
  t.match(await modules.runs.purge(id, NOW), { state: 'purged', outcome: 'lost' });
});

void t.test('a head that no daemon has seen is alive, whatever its files contain', async (t) => {
  const placed = await placeRun(t);
  const { modules, id, directory } = placed;
  await modules.runs.stop(); // as if it was killed
  placed.start();
  const head = await hold(t, join(directory, 'alive'), 'java');
  rmSync(join(directory, 'alive'));
  execFileSync('mkfifo', [join(directory, 'alive')]);
  writeFileSync(join(directory, 'process'), JSON.stringify(overHead));
  writeFileSync(join(directory, 'exit'), '0\n');
  await modules.runs.adopt();
  await t.rejects(modules.runs.purge(id, NOW), { code: 'run-alive' });
  await head.kill();
  t.match(await modules.runs.purge(id, NOW), { state: 'purged', outcome: 'lost' });
});

void t.test('a fence that was restored after the start does not abort the run', async (t) => {
  const placed = await placeRun(t);
  const { modules, id, directory } = placed;
  await modules.runs.stop();
  placed.start();
  const head = await hold(t, join(directory, 'alive'), 'java');
  renameSync(join(directory, 'started'), join(directory, 'armed'));
  rmSync(join(directory, 'alive'));
  await modules.runs.adopt();
  await modules.runs.cancel(id);
  t.match(await modules.runs.find(id), { state: 'running' });
  t.ok(existsSync(join(directory, 'armed')), 'the fence is not revoked');
  await head.kill();
  t.match(await modules.runs.purge(id, NOW), { state: 'purged', outcome: 'cancelled' });
});

void t.test('does not signal a process that a task named as the head', async (t) => {
  const { modules, id, directory, head, lives } = await started(t);
  const otherFifo = join(temporaryDirectory(t), 'other-fifo');
  execFileSync('mkfifo', [otherFifo]);
  const other = await hold(t, otherFifo, 'stranger');
  writeFileSync(join(directory, 'process'), JSON.stringify({ ...other.identity, host: 'elsewhere' }));
  await lives('on another host');
  writeFileSync(join(directory, 'process'), JSON.stringify(other.identity));
  await modules.runs.cancel(id);
  t.equal(liveness(other.identity), 'alive');
  await until('the head received the signal', () => liveness(head.identity) === 'ended');
  t.match(await modules.runs.purge(id, NOW), { state: 'purged', outcome: 'cancelled' });
  t.equal(liveness(other.identity), 'alive');
});
