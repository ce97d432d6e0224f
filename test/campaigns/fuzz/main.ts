// Fuzzes the targets sequentially in this process:
//
//   main.js --inputs N --seed S [--target NAME] [--only INDEX]
//
// The N inputs are divided by the targets' shares; with --target, all are for one target. Prints a line of JSON per target.
// A watching thread reports an input that hangs, and ends the process.
import { inspect, parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { campaign } from './fuzz-campaign.ts';
import { targets } from './targets.ts';

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string' },
    only: { type: 'string' },
  },
});
/** An input hangs after this CPU time, or, if it blocks, after this elapsed time. A loaded machine reaches neither. */
const HANG = { cpuSeconds: 30, seconds: 300 };
/** [index, inputs begun, target]: shared with the watching thread. */
const seen = new Int32Array(new SharedArrayBuffer(12));
const WATCH = `
  const { workerData: { seen, hang, names } } = require('node:worker_threads');
  const used = () => process.cpuUsage().user / 1e6;
  let [last, since, before] = [0, Date.now(), used()];
  setInterval(() => {
    if (seen[1] !== last || last === 0) [last, since, before] = [seen[1], Date.now(), used()];
    if (used() - before < hang.cpuSeconds && Date.now() - since < hang.seconds * 1000) return;
    require('node:fs').writeSync(1, JSON.stringify({ hang: seen[0], target: names[seen[2]] }) + '\\n');
    process.kill(process.pid, 'SIGKILL');
  }, 1000);`;

const chosen = targets.filter(({ name }) => values.target === undefined || name === values.target);
if (chosen.length === 0)
  throw new Error(
    `Unknown target ${String(values.target)}. Targets: ${targets.map(({ name }) => name).join(', ')}`,
  );
const whole = chosen.reduce((sum, { share }) => sum + share, 0);
let uncaught: string | undefined;
const keep = (error: unknown): void => {
  uncaught = inspect(error);
};
process.on('uncaughtException', keep).on('unhandledRejection', keep);
const watch = new Worker(WATCH, {
  eval: true,
  workerData: { seen, hang: HANG, names: chosen.map(({ name }) => name) },
});
watch.unref();

for (const [place, target] of chosen.entries()) {
  seen[2] = place;
  const result = await campaign(target, {
    inputs: Math.ceil((Number(values.inputs) * target.share) / whole),
    seed: Number(values.seed),
    only: values.only === undefined ? undefined : Number(values.only),
    onInput: (index) => {
      seen[0] = index;
      seen[1] = (seen[1] ?? 0) + 1;
    },
  });
  const failures = result.failures.map((failure) => ({
    ...failure,
    input: failure.input.toString('base64'),
  }));
  const late =
    uncaught === undefined
      ? []
      : [
          {
            index: seen[0],
            what: `uncaught: ${uncaught}`,
            input: '',
          },
        ];
  uncaught = undefined;
  process.stdout.write(`${JSON.stringify({ ...result, failures: [...failures, ...late] })}\n`);
  seen[1] = 0;
}
process.exit();
