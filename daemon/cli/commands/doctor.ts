import { existsSync } from 'node:fs';
import { readComputeEnvironments } from '../../api-client/read-compute-environments.ts';
import type { ComputeEnvironment, DoctorReport } from '../../contract/types.ts';
import { shownValue } from '../../contract/shown-value.ts';
import type { DoctorContext } from '../../doctor/doctor-context.ts';
import { asEscrowError, EscrowError } from '../../errors.ts';
import type { Context } from '../context.ts';
import { print, printJson } from '../io/output.ts';
import { printState } from '../io/print-state.ts';

const PATH = '/v1/compute-envs';

type Check = DoctorReport['checks'][number];

export interface DoctorOptions {
  readonly json?: boolean;
  readonly computeEnv?: string;
  readonly probe?: boolean;
  readonly wait: string;
}

/**
 * Implements `nf-escrow doctor`. Sets exit status 1 if something that a launch needs is missing. Asks the daemon if a compute
 * environment is named or if there is a ledger, as a launch would. Before the first launch it creates nothing.
 */
export async function doctor(context: Context, options: DoctorOptions): Promise<void> {
  const limitMs = secondsOf(options.wait) * 1000;
  const isNamed = options.computeEnv !== undefined || options.probe === true;
  const checks = isNamed
    ? await withEnvironment(context, options, limitMs)
    : await withDefaults(context, await subjectOf(context));
  if (options.json === true) printJson({ checks } satisfies DoctorReport);
  else showChecks(checks);
  if (checks.some(({ state }) => state === 'failure')) process.exitCode = 1;
}

async function subjectOf({ version }: Context): Promise<DoctorContext> {
  const { createDoctorContext } = await import('../../doctor/doctor-context.ts');
  return createDoctorContext(process.env, version);
}

async function withEnvironment(context: Context, options: DoctorOptions, limitMs: number): Promise<Check[]> {
  const environment = await environmentOf(context, options.computeEnv);
  const subject = await subjectOf(context);
  const checks = await checkMachine(subject, environment);
  checks.push(...(await checkLaunchIn(context, { ...subject, computeEnvironment: environment.name })));
  checks.push(...(await checkPlatform(context, environment.name)));
  if (options.probe === true) {
    const { probe } = await import('../../doctor/probes/probe.ts');
    checks.push(...(await probe(environment, subject, limitMs)));
  }
  return withoutGuess(checks);
}

/** Checks a launch with the default settings. What the daemon cannot answer becomes a failed check. */
async function withDefaults(context: Context, subject: DoctorContext): Promise<Check[]> {
  const { checkFirstLaunch } = await import('../../doctor/checks/launch.ts');
  if (subject.settingsError !== undefined) return checkMachine(subject);
  if (!(await hasLedger(subject))) return [...(await checkMachine(subject)), ...checkFirstLaunch(subject)];
  let environment;
  try {
    environment = await environmentOf(context, subject.computeEnvironment);
  } catch (error) {
    const { code, message, hint } = asEscrowError(error);
    const name = code === 'compute-environment-not-found' ? 'compute environment' : 'daemon';
    const { failure } = await import('../../doctor/check.ts');
    return [...(await checkMachine(subject)), failure(name, message, hint)];
  }
  const checks = await checkMachine(subject, environment);
  checks.push(
    ...(await checkLaunchIn(context, subject)),
    ...(await checkPlatform(context, environment.name)),
  );
  return withoutGuess(checks);
}

/** Returns whether a daemon has run with this state directory. Does not touch a file system that does not respond. */
async function hasLedger({ paths, answers }: DoctorContext): Promise<boolean> {
  return paths !== undefined && (await answers(paths.state)) && existsSync(paths.ledger);
}

async function checkMachine(subject: DoctorContext, environment?: ComputeEnvironment): Promise<Check[]> {
  const { runChecks, groupsFor } = await import('../../doctor/examine.ts');
  return runChecks(subject, groupsFor(subject, environment));
}

async function checkLaunchIn(context: Context, subject: DoctorContext): Promise<Check[]> {
  const { checkLaunch } = await import('../../doctor/checks/launch.ts');
  return checkLaunch(await context.daemon(), subject);
}

/** Removes the warning about an absent key file, which only the daemon can judge, if the daemon did. */
function withoutGuess(checks: readonly Check[]): Check[] {
  const isKnown = checks.some(({ name }) => name === 'vault');
  return checks.filter(({ name, state }) => !(isKnown && name === 'vault key' && state === 'warning'));
}

/** Returns the named compute environment, or the default one. */
async function environmentOf(context: Context, named: string | undefined): Promise<ComputeEnvironment> {
  const daemon = await context.daemon();
  const name = named ?? context.settings.computeEnvironment;
  if (name !== undefined) return daemon.call<ComputeEnvironment>('GET', pathOf(name));
  const found = (await readComputeEnvironments(daemon)).find(({ isDefault }) => isDefault);
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
  throw new EscrowError(
    'usage',
    `--wait must be a number of seconds from 1 to 999999, not ${shownValue(text)}.`,
  );
}

/** Returns a sentence for a clause. A first word with other characters is a name, which stays as it is. */
function asSentence(clause: string): string {
  const text = clause.replace(/^[a-z]+(?= )/, (word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`);
  return /[.?!]$/.test(text) ? text : `${text}.`;
}

export function showChecks(checks: readonly Check[]): void {
  const width = Math.max(...checks.map(({ name }) => name.length));
  for (const { state, name, found, remedy } of checks) {
    printState('', state.padEnd(7), `  ${name.padEnd(width)}  ${state === 'ok' ? found : asSentence(found)}`);
    if (remedy !== null) print(`${' '.repeat(width + 11)}${remedy}`);
  }
  const count = (wanted: Check['state']): number => checks.filter(({ state }) => state === wanted).length;
  print(
    `${String(checks.length)} checks: ${String(count('failure'))} failed, ${String(count('warning'))} with a warning.`,
  );
}
