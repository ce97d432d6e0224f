import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isProbeId, newProbeId } from '../../contract/run-id.ts';
import type { SecretDelivery, ComputeEnvironment, Executor } from '../../contract/types.ts';
import { asEscrowError, EscrowError, systemCode } from '../../errors.ts';
import { writeFileAtomic } from '../../system/files/atomic-write.ts';
import { readFileNoFollow } from '../../system/files/read-regular-file.ts';
import { fillTemplate } from '../../system/files/fill-template.ts';
import { isIgnored } from '../../system/processes/ignored-signals.ts';
import { runWithTimeout } from '../../system/processes/run-with-timeout.ts';
import { createScheduler } from '../../schedulers/create-scheduler.ts';
import type { Scheduler } from '../../schedulers/scheduler.ts';
import { RunDirectories } from '../../run-directory/run-directories.ts';
import { runFile } from '../../run-directory/layout.ts';
import { SecretValue } from '../../vault/secret-value.ts';
import { failure, ok, warning, type Check } from '../check.ts';
import { judgeProbe } from './judge-probe.ts';
import { detected } from '../checks/scheduler.ts';
import type { DoctorContext } from '../doctor-context.ts';
import { quoteShellWord } from '../../system/processes/shell-word.ts';

const PROBE_CHECK = 'probe';
const SECRET = 'NF_ESCROW_PROBE';
const LEFT_BEHIND_MS = 3600_000;
const ANSWER_MAX = 4096;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Polling intervals and limits, in milliseconds. */
interface ProbeTiming {
  /** Interval between checks of the run directory for the answer. */
  readonly lookEvery: number;
  /** Delay of the first query to the scheduler, after which most jobs have ended, and interval between queries. */
  readonly askFirst: number;
  readonly askEvery: number;
  /** Time that a network file system may need to show here what an ended job has written there. */
  readonly settle: number;
}

const TIMING: ProbeTiming = { lookEvery: 250, askFirst: 5000, askEvery: 15_000, settle: 10_000 };

/** Same form as for a run with our plugin: one file for each secret. */
const DELIVERY: SecretDelivery = {
  plugin: 'probe',
  reason: null,
  configPhase: false,
  environment: {},
  restore: {},
};

/**
 * Delivers a random secret as for a run, lets a scheduler job (or a local process if there is no scheduler) read it and
 * report, and removes it, even if the probe is interrupted. Waits for the job up to the limit.
 */
export async function probeHpc(
  environment: ComputeEnvironment,
  subject: Pick<DoctorContext, 'env' | 'paths'>,
  limitMs: number,
  timing = TIMING,
): Promise<Check[]> {
  if (subject.paths === undefined) return []; // the settings check reports why
  const runsDirectory = environment.runsDirectory ?? subject.paths.runs;
  const store = new RunDirectories(subject.paths.runs);
  const run = newProbeId();
  const value = new SecretValue(Buffer.from(randomBytes(32).toString('hex')));
  const target = store.locate(run, environment);
  const interrupted = new AbortController();
  const interrupt = (name: NodeJS.Signals): void => {
    interrupted.abort(name);
  };
  for (const name of SIGNALS) if (!isIgnored(name)) process.on(name, interrupt);
  const checks: Check[] = [];
  let locator: string | null = null;
  try {
    locator = await store.prepare(target);
    await removeLeftBehind(runsDirectory);
    await store.create(target, {
      run,
      ...{ ledger: '-', workspace: '-', expiresAt: '-', files: {}, references: new Map() },
      secretDelivery: DELIVERY,
      secrets: new Map([[SECRET, value]]),
    });
    writeScript(target);
    const executor = environment.executor ?? detected(subject.env['PATH']);
    const deadline = performance.now() + limitMs;
    const look = { directory: target, deadline, timing, signal: interrupted.signal };
    const found =
      executor === undefined
        ? await runHere(look, subject.env)
        : await runAsJob(look, executor, run, environment.headOptions ?? []);
    checks.push('check' in found ? found.check : judgeProbe(found, digestOf(value), runsDirectory));
  } catch (error) {
    const { message, hint } = asEscrowError(error);
    checks.push(failure(PROBE_CHECK, message, hint));
  } finally {
    checks.push(...(await remove(store, target, locator)));
    for (const name of SIGNALS) process.off(name, interrupt);
  }
  if (interrupted.signal.aborted) process.kill(process.pid, interrupted.signal.reason as NodeJS.Signals);
  return checks;
}

/** The report of a job, and which job it was. */
interface ProbeAnswer {
  readonly answer: string;
  /** For example `slurm job 12`. */
  readonly who: string;
}

interface AnswerWait {
  readonly directory: string;
  readonly deadline: number;
  readonly timing: ProbeTiming;
  readonly signal: AbortSignal;
}

async function runHere(look: AnswerWait, env: DoctorContext['env']): Promise<ProbeAnswer> {
  const script = runFile(look.directory, 'probe');
  const limitMs = Math.max(1, look.deadline - performance.now());
  const { stdout, stderr } = await runWithTimeout('/bin/bash', [script], { env, limitMs });
  const answer = readAnswer(look.directory);
  if (answer === undefined)
    throw new EscrowError(
      'internal',
      `The probe on this machine wrote no answer: ${(stderr || stdout).trim().slice(0, 200)}`,
    );
  return { answer, who: 'a process' };
}

async function runAsJob(
  look: AnswerWait,
  executor: Executor,
  run: string,
  options: readonly string[],
): Promise<ProbeAnswer | { check: Check }> {
  const scheduler = createScheduler(executor);
  const name = `nf-escrow-${run}`;
  let id: string | undefined;
  let result: ProbeAnswer | { check: Check } | undefined;
  try {
    const script = runFile(look.directory, 'probe');
    id = await scheduler.submit({ name, script, output: '/dev/null', requeue: false, options });
    return (result = await follow(look, scheduler, id));
  } finally {
    // A job that answered has ended. A job that cannot be cancelled exits when it starts, because its directory is deleted.
    if (result === undefined || 'check' in result)
      await cancelAll(scheduler, id, name).catch(() => undefined);
  }
}

async function follow(
  look: AnswerWait,
  scheduler: Scheduler,
  id: string,
): Promise<ProbeAnswer | { check: Check }> {
  const { directory, deadline, timing, signal } = look;
  const who = `${scheduler.executor} job ${id}`;
  let askAt = performance.now() + timing.askFirst;
  let state = 'pending';
  let overAt: number | undefined;
  for (;;) {
    const answer = readAnswer(directory);
    if (answer !== undefined) return { answer, who };
    const now = performance.now();
    if (overAt !== undefined && now - overAt >= timing.settle)
      return { check: unread(who, directory, state) };
    if (overAt === undefined && now >= deadline) return { check: unheard(who, state) };
    if (overAt === undefined && now >= askAt) {
      askAt = now + timing.askEvery;
      const job = (await scheduler.jobs([id])).get(id);
      state = job?.state ?? 'unknown to the scheduler';
      if (job === undefined || job.phase === 'ended') overAt = performance.now();
    }
    await sleep(timing.lookEvery, undefined, { signal });
  }
}

function unread(who: string, directory: string, state: string): Check {
  return failure(
    PROBE_CHECK,
    `${who} has ended (${state}) without writing to ${directory}: the directory is not visible or not writable on its node`,
    'Set a runs directory that is visible and writable on compute nodes: nf-escrow compute-envs update NAME --runs-dir DIR.',
  );
}

function unheard(who: string, state: string): Check {
  return warning(
    PROBE_CHECK,
    `${who} did not answer in time (${state}), and was cancelled`,
    'Its queue may be full. Wait longer with --wait SECONDS, or set another queue: nf-escrow compute-envs update NAME --head-options "...".',
  );
}

async function cancelAll(scheduler: Scheduler, id: string | undefined, name: string): Promise<void> {
  const ids = id === undefined ? await scheduler.find(name) : [id];
  for (const each of ids) await scheduler.cancel(each);
}

function readAnswer(directory: string): string | undefined {
  readdirSync(directory); // makes a network file system query its server
  try {
    return readFileNoFollow(runFile(directory, 'answer'), ANSWER_MAX)?.toString('utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ESTALE') return undefined; // not complete yet
    throw error;
  }
}

function writeScript(directory: string): void {
  const text = fillTemplate('probe.sh', { DIRECTORY: quoteShellWord(directory), NAME: SECRET });
  writeFileAtomic(runFile(directory, 'probe'), text, 0o700);
}

function digestOf(value: SecretValue): string {
  return createHash('sha256').update(value.open()).digest('hex');
}

/** Removes the probe's run directory. A failed check names its path, because nothing else removes it before a later probe. */
async function remove(store: RunDirectories, target: string, locator: string | null): Promise<Check[]> {
  try {
    const place = { target, locator, sentAt: null };
    await store.remove(place);
    const { state, evidence: how } = await store.inspect(place);
    if (state === 'absent') return [ok('probe removal', 'removed everything that the probe delivered')];
    throw new EscrowError('store-unavailable', how);
  } catch (error) {
    const { message } = asEscrowError(error);
    return [
      failure(
        'probe removal',
        message,
        `Run rm -rf ${quoteShellWord(target)}. It contains a random text, not one of your secrets.`,
      ),
    ];
  }
}

/** Removes the run directories of probes that were killed. */
async function removeLeftBehind(runsDirectory: string): Promise<void> {
  const store = new RunDirectories(runsDirectory);
  for (const name of readdirSync(runsDirectory).filter(isProbeId)) {
    const target = join(runsDirectory, name);
    const found = lstatSync(target, { throwIfNoEntry: false });
    if (found !== undefined && Date.now() - found.mtimeMs > LEFT_BEHIND_MS)
      await store.remove({ target, locator: null, sentAt: null });
  }
}
