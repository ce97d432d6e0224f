import type { ComputeEnvironment, ComputeEnvironmentList, DoctorReport } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import type { Context } from '../context.ts';
import { print, printJson } from '../io/output.ts';

const PATH = '/v1/compute-envs';

type Check = DoctorReport['checks'][number];

export interface DoctorOptions {
  readonly json?: boolean;
  readonly computeEnv?: string;
  readonly probe?: boolean;
  readonly wait: string;
}

/**
 * Implements `nf-escrow doctor`. Sets exit status 1 if something that a launch needs is missing. Neither needs nor starts the
 * daemon, unless a compute environment is checked.
 */
export async function doctor(context: Context, options: DoctorOptions): Promise<void> {
  const limitMs = secondsOf(options.wait) * 1000;
  const checks =
    options.computeEnv === undefined && options.probe !== true
      ? await checkMachine(context)
      : await withEnvironment(context, options, limitMs);
  if (options.json === true) printJson({ checks } satisfies DoctorReport);
  else showChecks(checks);
  if (checks.some(({ state }) => state === 'failure')) process.exitCode = 1;
}

async function withEnvironment(context: Context, options: DoctorOptions, limitMs: number): Promise<Check[]> {
  const environment = await environmentOf(context, options.computeEnv);
  const checks = await checkMachine(context, environment);
  checks.push(...(await checkPlatform(context, environment.name)));
  if (options.probe === true) checks.push(...(await probeEnvironment(context, environment, limitMs)));
  return checks;
}

async function checkMachine({ version }: Context, environment?: ComputeEnvironment): Promise<Check[]> {
  const [{ runChecks, groupsFor }, { createDoctorContext }] = await Promise.all([
    import('../../doctor/examine.ts'),
    import('../../doctor/doctor-context.ts'),
  ]);
  const subject = await createDoctorContext(process.env, version);
  return runChecks(subject, groupsFor(subject, environment));
}

async function probeEnvironment(
  { version }: Context,
  environment: ComputeEnvironment,
  limitMs: number,
): Promise<Check[]> {
  const [{ probe }, { createDoctorContext }] = await Promise.all([
    import('../../doctor/probes/probe.ts'),
    import('../../doctor/doctor-context.ts'),
  ]);
  return probe(environment, await createDoctorContext(process.env, version), limitMs);
}

/** Returns the named compute environment, or the default one. */
async function environmentOf(context: Context, named: string | undefined): Promise<ComputeEnvironment> {
  const daemon = await context.daemon();
  const name = named ?? context.settings.computeEnvironment;
  if (name !== undefined) return daemon.call<ComputeEnvironment>('GET', pathOf(name));
  const { computeEnvironments } = await daemon.call<ComputeEnvironmentList>('GET', PATH);
  const found = computeEnvironments.find(({ isDefault }) => isDefault);
  if (found !== undefined) return found;
  throw new EscrowError('compute-environment-not-found', 'There is no default compute environment.');
}

/** Returns the daemon's checks of the platform. Empty for a platform without a remote service. */
async function checkPlatform(context: Context, name: string): Promise<Check[]> {
  return (await (await context.daemon()).call<DoctorReport>('POST', `${pathOf(name)}/check`)).checks;
}

function pathOf(name: string): string {
  return `${PATH}/${encodeURIComponent(name)}`;
}

function secondsOf(text: string): number {
  if (/^[1-9][0-9]{0,5}$/.test(text)) return Number(text);
  throw new EscrowError('usage', `Invalid value "${text}" of --wait: it must be a number of seconds.`);
}

export function showChecks(checks: readonly Check[]): void {
  const width = Math.max(...checks.map(({ name }) => name.length));
  for (const { state, name, found, remedy } of checks) {
    print(`${state.padEnd(7)}  ${name.padEnd(width)}  ${found}`);
    if (remedy !== null) print(`${' '.repeat(width + 11)}${remedy}`);
  }
  const count = (wanted: Check['state']): number => checks.filter(({ state }) => state === wanted).length;
  print(
    `${String(checks.length)} checks: ${String(count('failure'))} failed, ${String(count('warning'))} with a warning.`,
  );
}
