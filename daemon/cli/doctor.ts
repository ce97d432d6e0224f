import type { DoctorReport } from '../contract/types.ts';
import type { Context } from './context.ts';
import { print, printJson } from './output.ts';

type Check = DoctorReport['checks'][number];

/** `nf-escrow doctor`: exit status 1 when something is missing that a launch needs. Needs no daemon and starts none. */
export async function doctor(context: Context, options: { json?: boolean }): Promise<void> {
  const checks = await context.examine();
  if (options.json === true) printJson({ checks } satisfies DoctorReport);
  else show(checks);
  if (checks.some(({ state }) => state === 'failure')) process.exitCode = 1;
}

function show(checks: readonly Check[]): void {
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
