// What a task writes into the directory of its run to have it taken for over, or for alive.
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
  /** Looks at the run, which has to be alive. */
  readonly lives: (what: string) => Promise<unknown>;
}

/** A run whose head is a process with the name of a JVM, and that the daemon has seen. */
async function started(t: Test): Promise<Started> {
  const placed = await placeRun(t);
  const { modules, id, directory } = placed;
  placed.start();
  const head = await hold(t, join(directory, 'alive'), 'java');
  writeFileSync(join(directory, 'started'), ''); // the shim takes the token out
  writeFileSync(join(directory, 'process'), JSON.stringify(head.identity));
  const lives = (what: string) => t.rejects(modules.runs.purge(id, NOW), { code: 'run-alive' }, what);
  await lives('its head runs');
  return { ...placed, head, lives };
}

void t.test('an exit file and an end event that a task wrote end no run, and say nothing', async (t) => {
  const { modules, id, directory, head, lives } = await started(t);
  for (const text of ['0\n', `0 ${'a'.repeat(32)}\n`, '0 0 0', '999\n']) {
    writeFileSync(join(directory, 'exit'), text);
    appendFileSync(join(directory, 'events.jsonl'), FORGED_END);
    await lives(`with ${text.trim()}`);
  }
  t.ok(existsSync(directory));
  // What the plugin tells then contradicts that end.
  appendFileSync(join(directory, 'events.jsonl'), '{"type":"task.submit","task":"1"}\n');
  await head.kill();
  t.match(await modules.runs.purge(id, NOW), {
    state: 'purged',
    outcome: 'lost',
    exitStatus: null,
    outcomeEvidence: /an exit file that the shim did not write/,
  });
});

void t.test("the shim's own exit file counts once nextflow has ended", async (t) => {
  const placed = await placeRun(t);
  const { modules, id, directory } = placed;
  placed.start();
  const head = await hold(t, join(directory, 'alive'), 'java');
  writeFileSync(join(directory, 'process'), JSON.stringify(head.identity));
  writeExit(directory, 0);
  await t.rejects(modules.runs.purge(id, NOW), { code: 'run-alive' }, 'nextflow is there');
  const left = await hold(t, join(directory, 'alive'), 'daemonized');
  await head.kill();
  t.match(await modules.runs.purge(id, NOW), { state: 'purged', outcome: 'succeeded', exitStatus: 0 });
  t.equal(liveness(left.identity), 'alive', 'a process that it left behind keeps nothing then');
});

void t.test('a FIFO that was replaced, removed, written to or closed is no end', async (t) => {
  const { modules, id, directory, head, lives } = await started(t);
  const alive = join(directory, 'alive');
  execFileSync('bash', ['-c', 'echo something >"$0"', alive]);
  await lives('there is something to read in it');
  execFileSync('chmod', ['0', alive]);
  await lives('its mode was taken away');
  rmSync(join(directory, 'process'));
  renameSync(alive, `${alive}.other`);
  await lives('it has another name');
  renameSync(`${alive}.other`, alive);
  const replacements: readonly (readonly [string, () => void])[] = [
    ['another FIFO', () => execFileSync('mkfifo', [alive])],
    ['a file', () => writeFileSync(alive, '')],
    ['nothing', () => undefined],
  ];
  for (const [what, replace] of replacements) {
    rmSync(alive, { force: true });
    replace();
    await lives(`${what} in its place`);
    writeFileSync(join(directory, 'process'), JSON.stringify(overHead));
    await lives(`${what} in its place, and another head`);
  }
  await head.kill();
  t.match(await modules.runs.purge(id, NOW), { state: 'purged', outcome: 'lost' });
});

void t.test('a head that a daemon never saw lives, whatever its files say', async (t) => {
  const placed = await placeRun(t);
  const { modules, id, directory } = placed;
  await modules.runs.stop(); // as one that was killed
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

void t.test('a fence that was put up again behind a head calls nothing off', async (t) => {
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
  t.ok(existsSync(join(directory, 'armed')), 'nothing is revoked');
  await head.kill();
  t.match(await modules.runs.purge(id, NOW), { state: 'purged', outcome: 'cancelled' });
});

void t.test('a process that a task names in the place of the head is not signalled', async (t) => {
  const { modules, id, directory, head, lives } = await started(t);
  const strange = join(temporaryDirectory(t), 'strange');
  execFileSync('mkfifo', [strange]);
  const other = await hold(t, strange, 'stranger');
  writeFileSync(join(directory, 'process'), JSON.stringify({ ...other.identity, host: 'elsewhere' }));
  await lives('on another host');
  writeFileSync(join(directory, 'process'), JSON.stringify(other.identity));
  await modules.runs.cancel(id);
  t.equal(liveness(other.identity), 'alive');
  await until('the head is', () => liveness(head.identity) === 'ended');
  t.match(await modules.runs.purge(id, NOW), { state: 'purged', outcome: 'cancelled' });
  t.equal(liveness(other.identity), 'alive');
});
