// nf-escrow whose daemon stops itself (SIGSTOP) on its way to a create, as a process does that is paused or whose machine
// is suspended. PAUSE_DIRECTORY says what happens: `at` has the place, `passed` how much time goes by meanwhile and
// `suspended` whether the monotonic clock stood still; `paused` is written before it stops.
import http, { type RequestOptions } from 'node:http';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FaultInjector } from '../../../daemon/system/steps.ts';

const directory = process.env['PAUSE_DIRECTORY'] ?? '';
const read = (name: string): string => {
  const path = join(directory, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
};
const at = read('at');

/** The clocks of this process: set before anything is loaded that keeps one. */
const RealDate = Date;
const realElapsed = performance.now.bind(performance);
let [clockAhead, elapsedAhead] = [0, 0];
globalThis.Date = class extends RealDate {
  constructor(...args: [] | [string | number | Date]) {
    super(args[0] ?? RealDate.now() + clockAhead);
  }
  static override now(): number {
    return RealDate.now() + clockAhead;
  }
} as DateConstructor;
performance.now = () => realElapsed() + elapsedAhead;

/** Lets time go by. */
function pass(): void {
  clockAhead = Number(read('passed'));
  if (read('suspended') === '') elapsedAhead = clockAhead;
}

/** The first process that comes here stops until it is told to go on. */
function pause(): void {
  try {
    closeSync(openSync(join(directory, 'paused'), 'wx'));
  } catch {
    return;
  }
  process.kill(process.pid, 'SIGSTOP');
  pass();
}

const faults: FaultInjector = async (point) => {
  if (point === at) pause();
};

/** A request that has been signed, and is about to be sent. */
const send = http.request;
http.request = ((options: RequestOptions, ...rest: []) => {
  const target = (options.headers as Record<string, string> | undefined)?.['x-amz-target'];
  if (at === 'signed' && target === 'secretsmanager.CreateSecret') pause();
  return send(options, ...rest);
}) as typeof http.request;

if (existsSync(join(directory, 'paused'))) pass(); // a process that starts later lives in that time
const { main } = await import('../../../daemon/main.ts');
const { awsWaits } = await import('../../../daemon/stores/aws/waits.ts');
await main(
  {
    path: fileURLToPath(import.meta.url),
    faults,
    service: { waits: { ...awsWaits, apart: 200, settling: 50 }, retryMs: 300 },
  },
  process.argv.slice(2),
);
