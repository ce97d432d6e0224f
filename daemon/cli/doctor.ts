import type { ComputeEnvironment, DoctorReport } from '../contract/types.ts';
import type { Context } from './context.ts';
import { print, printJson } from './output.ts';

type Check = DoctorReport['checks'][number];

/** `nf-escrow doctor`: exit status 1 when something is missing that a launch needs. Needs no daemon and starts none. */
export async function doctor(
  context: Context,
  options: { json?: boolean; computeEnv?: string },
): Promise<void> {
  const checks = await context.examine();
  if (options.computeEnv !== undefined) checks.push(...(await checksOf(context, options.computeEnv)));
  if (options.json === true) printJson({ checks } satisfies DoctorReport);
  else showChecks(checks);
  if (checks.some(({ state }) => state === 'failure')) process.exitCode = 1;
}

/** What AWS says of a compute environment; nothing for one that does not go there. Asks the daemon. */
export async function checksOf(context: Context, name: string): Promise<Check[]> {
  const path = `/v1/compute-envs/${encodeURIComponent(name)}`;
  const daemon = await context.daemon();
  const { platform } = await daemon.call<ComputeEnvironment>('GET', path);
  return platform === 'aws-batch' ? (await daemon.call<DoctorReport>('POST', `${path}/check`)).checks : [];
}

export function showChecks(checks: readonly Check[]): void {
  const width = Math.max(...checks.map(({ name }) => name.length));
  for (const { state, name, found, remedy } of checks) {
    print(`${state.padEnd(7)}  ${name.padEnd(width)}  ${oneLine(found)}`);
    if (remedy !== null) print(`${' '.repeat(width + 11)}${oneLine(remedy)}`);
  }
  const count = (wanted: Check['state']): number => checks.filter(({ state }) => state === wanted).length;
  print(
    `${String(checks.length)} checks: ${String(count('failure'))} failed, ${String(count('warning'))} with a warning.`,
  );
}

/** A path may hold a newline, or what steers a terminal. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}
