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

/** How often things are looked at, in milliseconds. */
interface ProbeTiming {
  /** Into the run directory, for the answer. */
  readonly lookEvery: number;
  /** Of the scheduler it is first asked so late, for most jobs are over by then, and then so often. */
  readonly askFirst: number;
  readonly askEvery: number;
  /** So long a network file system may take to show here what a job that is over has written there. */
  readonly settle: number;
}

const TIMING: ProbeTiming = { lookEvery: 250, askFirst: 5000, askEvery: 15_000, settle: 10_000 };

/** Plain as for a run with our plugin: a file a secret. */
const DELIVERY: SecretDelivery = {
  plugin: 'probe',
  reason: null,
  configPhase: false,
  environment: {},
  restore: {},
};

/**
 * Places a random secret as for a run, has a job of the scheduler (a process, where there is none) read it on a compute
 * node and tell what it saw, and removes it, also when it is interrupted. Takes as long as the queue does, up to the limit.
 */
export async function probeHpc(
  environment: ComputeEnvironment,
  subject: Pick<DoctorContext, 'env' | 'paths'>,
  limitMs: number,
  timing = TIMING,
): Promise<Check[]> {
  if (subject.paths === undefined) return []; // the check of the settings says why there are none
  const runsDirectory = environment.runsDirectory ?? subject.paths.runs;
  const store = new RunDirectories(subject.paths.runs);
  const run = newProbeId();
  const value = new SecretValue(Buffer.from(randomBytes(32).toString('hex')));
  const target = store.locate(run, environment);
  const interrupted = new AbortController();
  const interrupt = (name: NodeJS.Signals): void => {
    interrupted.abort(name);
  };
  for (const name of SIGNALS) process.on(name, interrupt);
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

/** What a job told, and what it was. */
export interface ProbeAnswer {
  readonly answer: string;
  /** As `slurm job 12`. */
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
  const { output } = await runWithTimeout('/bin/bash', [script], { env, limitMs });
  const answer = readAnswer(look.directory);
  if (answer === undefined)
    throw new EscrowError(
      'internal',
      `The probe on this machine told nothing. ${output.trim().slice(0, 200)}`,
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
  let told: ProbeAnswer | { check: Check } | undefined;
  try {
    const script = runFile(look.directory, 'probe');
    id = await scheduler.submit({ name, script, output: '/dev/null', requeue: false, options });
    return (told = await follow(look, scheduler, id));
  } finally {
    // One that answered is over. One that cannot be ended finds its directory gone when it begins, and ends by itself.
    if (told === undefined || 'check' in told) await cancelAll(scheduler, id, name).catch(() => undefined);
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
  let state = 'it waits';
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
      state = job?.state ?? 'it is forgotten';
      if (job === undefined || job.phase === 'ended') overAt = performance.now();
    }
    await sleep(timing.lookEvery, undefined, { signal });
  }
}

function unread(who: string, directory: string, state: string): Check {
  return failure(
    PROBE_CHECK,
    `${who} is over (${state}) and has not written into ${directory}: its node does not see that directory, or may not write there`,
    'Name a runs directory that compute nodes see and you can write from there: compute-envs update NAME --runs-dir DIR.',
  );
}

function unheard(who: string, state: string): Check {
  return warning(
    PROBE_CHECK,
    `${who} told nothing in the time given (${state}), and was cancelled`,
    'Its queue may be full: wait longer (--wait SECONDS), or name another one (compute-envs update NAME --head-options "...").',
  );
}

async function cancelAll(scheduler: Scheduler, id: string | undefined, name: string): Promise<void> {
  const ids = id === undefined ? await scheduler.find(name) : [id];
  for (const each of ids) await scheduler.cancel(each);
}

function readAnswer(directory: string): string | undefined {
  readdirSync(directory); // has a network file system ask its server
  try {
    return readFileNoFollow(runFile(directory, 'answer'), ANSWER_MAX)?.toString('utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ESTALE') return undefined; // it is being put there
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

/** What cannot be removed is said, with where it is: nobody else would look for it before the next probe. */
async function remove(store: RunDirectories, target: string, locator: string | null): Promise<Check[]> {
  try {
    const place = { target, locator, sentAt: null };
    await store.remove(place);
    const { state, evidence: how } = await store.inspect(place);
    if (state === 'absent') return [ok('probe removal', 'what was placed for the probe is gone')];
    throw new EscrowError('store-unavailable', how);
  } catch (error) {
    const { message } = asEscrowError(error);
    return [
      failure(
        'probe removal',
        message,
        `rm -rf ${quoteShellWord(target)}; it holds a random text, no secret.`,
      ),
    ];
  }
}

/** Of probes that were killed. */
async function removeLeftBehind(runsDirectory: string): Promise<void> {
  const store = new RunDirectories(runsDirectory);
  for (const name of readdirSync(runsDirectory).filter(isProbeId)) {
    const target = join(runsDirectory, name);
    const found = lstatSync(target, { throwIfNoEntry: false });
    if (found !== undefined && Date.now() - found.mtimeMs > LEFT_BEHIND_MS)
      await store.remove({ target, locator: null, sentAt: null });
  }
}
