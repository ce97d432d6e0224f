// nf-escrow with a daemon that stops itself (SIGSTOP) before a create request, like a paused process or a suspended machine.
// Files in PAUSE_DIRECTORY control it: `at` names the point, `passed` the simulated duration in milliseconds, and `suspended`
// makes the monotonic clock stand still. The daemon writes `paused` before it stops.
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

/** Replaces the clocks of this process before any module that uses them is loaded. */
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

/** Moves the clocks forward. */
function advanceClocks(): void {
  clockAhead = Number(read('passed'));
  if (read('suspended') === '') elapsedAhead = clockAhead;
}

/** Stops the first process that calls this until it receives SIGCONT. */
function pause(): void {
  try {
    closeSync(openSync(join(directory, 'paused'), 'wx'));
  } catch {
    return;
  }
  process.kill(process.pid, 'SIGSTOP');
  advanceClocks();
}

const faults: FaultInjector = async (point) => {
  if (point === at) pause();
};

/** Intercepts requests after signing and before sending. */
const send = http.request;
http.request = ((options: RequestOptions, ...rest: []) => {
  const target = (options.headers as Record<string, string> | undefined)?.['x-amz-target'];
  if (at === 'signed' && target === 'secretsmanager.CreateSecret') pause();
  return send(options, ...rest);
}) as typeof http.request;

if (existsSync(join(directory, 'paused'))) advanceClocks(); // processes that start later use the advanced clocks
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
