import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { DaemonStatus, Receipt, Run, RunList } from '../../daemon/contract/types.ts';
import { faultPoints, type FaultPoint } from '../../daemon/runs/faults.ts';
import { Sandbox, until, type Started } from '../launcher.ts';

const daemon = join(import.meta.dirname, 'daemon.js');
/** Reached only where a run is called off. */
const OF_ABORT: readonly FaultPoint[] = ['watch.before-revoke', 'watch.after-revoke'];
const SCRIPT = 'echo launched >>launches; exit 3';

/** A daemon with a fault, and a secret in its vault. */
async function faulty(box: Sandbox, point: FaultPoint, kind: string, value: string): Promise<Started> {
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: value });
  await box.escrow(['daemon', 'stop']);
  const env = { FAULT_POINT: point, FAULT_KIND: kind, FAULT_LOG: join(box.directory, 'points') };
  const started = box.startProgram(process.execPath, [daemon], { env });
  await until('the daemon listens', () => existsSync(box.socket));
  return started;
}

/** Asks for a run whose launcher is gone: it is called off. */
async function abandonedRun(box: Sandbox): Promise<void> {
  const { process: self } = await box.json<DaemonStatus>(['daemon', 'status']);
  const body = {
    selection: {},
    launchDirectory: box.launch,
    nextflow: '/bin/true',
    arguments: ['run', 'x'],
    localStore: null,
    launcher: { ...self, startTime: '1' },
  };
  await box.http('POST', '/v1/runs', body).catch(() => undefined); // the fault may break it off
}

async function expectNothingLeft(t: Test, box: Sandbox, point: string, value: string): Promise<Run> {
  const run = await until(`purged after ${point}`, async () => {
    const [newest] = (await box.json<RunList>(['runs', 'list'])).runs;
    return newest?.state === 'purged' ? newest : undefined;
  });
  t.same(box.filesWith(value), [], `${point}: the value is nowhere`);
  const runs = join(box.state, 'runs');
  t.same(existsSync(runs) ? readdirSync(runs) : [], [], `${point}: no run directory is left`);
  const receipt = await box.json<Receipt>(['runs', 'receipt', run.id]);
  t.equal(receipt.complete, true, `${point}: the receipt is complete`);
  return run;
}

async function attempt(t: Test, point: FaultPoint, kind: 'kill' | 'error'): Promise<void> {
  const box = new Sandbox(t);
  const value = randomBytes(16).toString('hex');
  const started = await faulty(box, point, kind, value);
  const aborted = OF_ABORT.includes(point);
  if (aborted) await abandonedRun(box);
  else await box.escrow(['run', SCRIPT]);
  const points = join(box.directory, 'points');
  await until(`${point} is reached`, () => readFileSync(points, 'utf8').split('\n').includes(point));
  if (kind === 'kill') await started.ended;
  if (point === 'materialize.before-intent') {
    t.same((await box.json<RunList>(['runs', 'list'])).runs, [], 'nothing was recorded, nothing done');
    t.same(box.filesWith(value), []);
  } else {
    const run = await expectNothingLeft(t, box, `${point} (${kind})`, value);
    const placing = point.startsWith('materialize.') && run.outcome === 'aborted';
    if (aborted || placing) t.equal(run.outcome, 'aborted');
    else
      t.match(
        run,
        { outcome: 'failed', exitStatus: 3 },
        `${point} (${kind}): the outcome is told truthfully`,
      );
  }
  const launches = join(box.launch, 'launches');
  const count = existsSync(launches) ? readFileSync(launches, 'utf8').split('\n').length - 1 : 0;
  t.equal(
    count,
    aborted || point.startsWith('materialize.') ? 0 : 1,
    `${point}: launched once, or not at all`,
  );
  await box.remove();
}

for (const kind of ['kill', 'error'] as const) {
  void t.test(`a daemon that meets ${kind} at each step leaves nothing`, async (t) => {
    t.comment(faultPoints.join(', '));
    const waiting = faultPoints.filter((point) => !point.startsWith('submit.')); // see test/e2e/head-job.test.ts
    // Two at a time: each is a handful of processes.
    const worker = async (): Promise<void> => {
      for (let point = waiting.shift(); point !== undefined; point = waiting.shift())
        await attempt(t, point, kind);
    };
    await Promise.all([worker(), worker()]);
  });
}
