import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Receipt, Run, RunList } from '../../../daemon/contract/types.ts';
import { quoteShellWord, quoteShellWords } from '../../../daemon/system/processes/shell-word.ts';
import { asUser, pidsOf, type Account } from '../../support/accounts.ts';
import { root, startProgram, untapped } from '../../support/sandbox.ts';
import type { Slurm } from '../../support/slurm.ts';

const fake = join(root, 'test/support/bin/nextflow');
const call = promisify(execFile);

/** Where nextflow runs: on the login node, in a head job of nf-escrow, in a job that the user submits. */
const PLACES = ['here', 'job', 'own'] as const;
type Place = (typeof PLACES)[number];
/** The process that is killed with SIGKILL, or `scancel`. */
const KILLS = ['nothing', 'head', 'shim', 'head and shim', 'daemon', 'command', 'scancel'] as const;
export type Kill = (typeof KILLS)[number];

/** One run of the campaign and its fault. */
interface Case {
  readonly number: number;
  readonly user: CampaignUser;
  readonly place: Place;
  readonly kill: Kill;
  readonly exit: number;
  readonly seconds: number;
}

export interface Campaign {
  readonly runs: number;
  readonly outcomes: Readonly<Record<string, number>>;
  /** Reports of runs whose outcome does not fit their fault. */
  readonly wrong: readonly string[];
  /**
   * Reports of runs that were aborted before their start, because the controller was unavailable or their daemon was
   * killed. The launcher received an error and retried.
   */
  readonly neverBegan: readonly string[];
  /** Runs without an outcome, or not purged. */
  readonly open: readonly string[];
  readonly incompleteReceipts: readonly string[];
  /** Files of users and of Slurm that contain a value, and run directories. */
  readonly leftovers: readonly string[];
  readonly kills: Readonly<Record<string, number>>;
}

/** A user of the campaign: a real account with its own daemon. */
class CampaignUser {
  readonly account: Account;
  readonly value = randomBytes(16).toString('hex');
  readonly state: string;
  readonly #env: Record<string, string>;

  constructor(account: Account, slurm: Slurm) {
    this.account = account;
    this.state = join(account.home, '.local/state/nf-escrow');
    this.#env = {
      ...slurm.env,
      PATH: process.env['PATH'] ?? '',
      LANG: 'C.UTF-8',
      NF_ESCROW_NEXTFLOW: fake,
      NXF_PLUGINS_DEFAULT: 'false',
    };
  }

  start(args: readonly string[], cwd = this.account.home): ReturnType<typeof spawn> {
    const command = asUser(this.account, [process.execPath, startProgram, ...args]);
    return spawn(...untapped(...command), { cwd, env: this.#env, stdio: ['pipe', 'ignore', 'ignore'] });
  }

  async escrow(args: readonly string[], input = ''): Promise<number> {
    const child = this.start(args);
    child.stdin?.on('error', () => undefined).end(input);
    return new Promise((resolve) => child.on('exit', (status) => resolve(status ?? 1)));
  }

  async submit(script: string): Promise<string> {
    const path = join(this.account.home, `script-${randomBytes(4).toString('hex')}`);
    const exports = Object.entries(this.#env).map(
      ([name, value]) => `export ${name}=${quoteShellWord(value)}`,
    );
    writeFileSync(
      path,
      ['#!/bin/bash', ...exports, `export HOME=${quoteShellWord(this.account.home)}`, script, ''].join('\n'),
    );
    chownSync(path, this.account.uid, this.account.gid);
    const words = ['sbatch', '--parsable', '--no-requeue', '--output=/dev/null', path];
    const [command, args] = untapped(...asUser(this.account, words));
    return (await call(command, args, { env: this.#env, cwd: this.account.home })).stdout.trim();
  }

  /** Sends a GET request to the user's daemon, whose socket root can open. Returns undefined when none answers. */
  ask<T>(path: string): Promise<T | undefined> {
    const socketPath = join(this.state, hostname(), 'daemon.sock');
    return new Promise((resolve) => {
      const outgoing = request({ socketPath, path }, (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        incoming.on('end', () => resolve(incoming.statusCode === 200 ? (JSON.parse(text) as T) : undefined));
        incoming.on('error', () => resolve(undefined));
      });
      outgoing.on('error', () => resolve(undefined)).end();
    });
  }

  async runs(): Promise<Run[]> {
    const list = await this.ask<RunList>('/v1/runs?limit=500');
    if (list !== undefined) return list.runs;
    await this.escrow(['daemon', 'start']); // like any next command
    return (await this.ask<RunList>('/v1/runs?limit=500'))?.runs ?? [];
  }

  /** Returns the newest run of a case, without those that were already reported. */
  async run({ number }: Case, reported: ReadonlySet<string> = new Set()): Promise<Run | undefined> {
    return (await this.runs()).find(
      ({ id, arguments: args }) => !reported.has(id) && args.some((word) => word.includes(mark(number))),
    );
  }
}

const mark = (number: number): string => `: case-${String(number)};`;

/**
 * Starts runs of two users in a real Slurm, kills processes at random and restarts the controller once. The accounts must
 * exist before Slurm starts, because its nodes copy the list of users.
 */
export async function campaign(
  slurm: Slurm,
  accounts: readonly Account[],
  runs: number,
  kills: readonly Kill[] = KILLS,
  report: (text: string) => void = () => undefined,
): Promise<Campaign> {
  const users = accounts.map((account) => new CampaignUser(account, slurm));
  for (const user of users) {
    await user.escrow(['secrets', 'set', 'FOO_KEY'], user.value);
    await user.escrow([
      'compute-envs',
      'create',
      'queue',
      '--platform',
      'hpc',
      '--executor',
      'slurm',
      '--head-job',
    ]);
  }
  const cases = Array.from({ length: runs }, (_, number) => makeCase(number, users, kills));
  const waiting = [...cases];
  const neverBegan: string[] = [];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      neverBegan.push(...(await runCase(slurm, next)));
      if (waiting.length % 10 === 0) report(`${String(runs - waiting.length)} of ${String(runs)} runs`);
      if (waiting.length === Math.floor(runs / 2)) await restartController(slurm);
    }
  };
  await Promise.all(Array.from({ length: 6 }, work));
  report('all runs were started; waiting for their ends');
  await settled(users, runs);
  const judged = await judge(slurm, users, cases);
  return { ...judged, neverBegan: [...neverBegan, ...judged.neverBegan] };
}

function makeCase(number: number, users: readonly CampaignUser[], kills: readonly Kill[]): Case {
  const pick = <T>(all: readonly T[]): T => all[Math.floor(Math.random() * all.length)] as T;
  // The first cases contain each combination once.
  const [place, kill] = [PLACES[number % 3], kills[Math.floor(number / 3) % kills.length]];
  const isEarly = number < PLACES.length * kills.length;
  return {
    number,
    user: users[number % users.length] as CampaignUser,
    place: isEarly && place !== undefined ? place : pick(PLACES),
    kill: isEarly && kill !== undefined ? kill : pick(kills),
    exit: pick([0, 0, 3]),
    seconds: 1 + Math.random() * 4,
  };
}

/**
 * Starts a run, waits until its nextflow runs, and injects the fault after a random time. Retries runs that are aborted
 * before their start, and returns reports of them.
 */
async function runCase(slurm: Slurm, one: Case): Promise<string[]> {
  const neverBegan: string[] = [];
  const reported = new Set<string>();
  const { user, place, kill, number } = one;
  const script = `${mark(number)} touch began; sleep ${one.seconds.toFixed(1)}; exit ${String(one.exit)}`;
  const cwd = join(user.account.home, `launch-${String(number)}`);
  mkdirSync(cwd);
  chownSync(cwd, user.account.uid, user.account.gid);
  let command: ReturnType<typeof spawn> | undefined;
  let ownJob: string | undefined;
  for (let time = 0; time < 20; time += 1) {
    await user.runs(); // starts the daemon, which a job would not do
    if (place === 'own') {
      const words = quoteShellWords([process.execPath, startProgram, 'run', script]);
      ownJob = await user.submit(`cd ${quoteShellWord(cwd)}\n${words}`).catch(() => undefined);
    } else {
      const where = place === 'job' ? ['--compute-env', 'queue'] : [];
      command = user.start(['run', ...where, script], cwd);
      command.stdin?.end();
    }
    const run = await waitForStart(one, reported);
    if (run !== undefined && isUnstarted(one, run)) {
      neverBegan.push(describe(slurm, one, run));
      reported.add(run.id); // the next attempt is another run
    } else if (run !== undefined) {
      if (run.state !== 'purged') {
        await sleep(Math.random() * one.seconds * 1000);
        await strike(slurm, one, run, command, ownJob);
      }
      return neverBegan;
    }
  }
  throw new Error(`case ${String(number)} (${place}, ${kill}) could not be started`);
}

/** Returns whether a run is reported as aborted and its script indeed never started. */
function isUnstarted({ user, number }: Case, { outcome }: Run): boolean {
  return outcome === 'aborted' && !existsSync(join(user.account.home, `launch-${String(number)}`, 'began'));
}

/**
 * Waits until the run's nextflow runs or has ended. Returns undefined when no run appears within half a minute, for
 * example because its daemon was just killed.
 */
async function waitForStart(one: Case, reported: ReadonlySet<string>): Promise<Run | undefined> {
  const start = performance.now();
  let run: Run | undefined;
  while (performance.now() - start < (run === undefined ? 30_000 : 120_000)) {
    run = await one.user.run(one, reported);
    if (run !== undefined && run.state !== 'created' && run.state !== 'materialized') return run;
    await sleep(200);
  }
  return run;
}

async function strike(
  slurm: Slurm,
  { user, kill }: Case,
  run: Run,
  command: ReturnType<typeof spawn> | undefined,
  ownJob: string | undefined,
): Promise<void> {
  const directory = join(user.state, 'runs', run.id);
  if (kill === 'daemon') {
    const status = await user.ask<{ process: { pid: number } }>('/v1/daemon');
    if (status !== undefined) end(status.process.pid);
  } else if (kill === 'command') command?.kill('SIGKILL');
  else if (kill === 'scancel') {
    const job = ownJob ?? run.headJob?.id;
    if (job !== undefined && job !== null) await slurm.run('scancel', [job]).catch(() => undefined);
  } else if (kill !== 'nothing') {
    const processes = pidsOf(user.account.uid).map((pid) => ({ pid, ...look(pid) }));
    const shims = processes.filter(({ words }) => words.includes(`${directory}/shim`));
    const heads = processes.filter(
      ({ words, env }) => words[1] === fake && env.includes(directory), // `bash nextflow run ...`
    );
    for (const { pid } of [...(kill === 'head' ? [] : shims), ...(kill === 'shim' ? [] : heads)]) end(pid);
  }
}

function look(pid: number): { words: string[]; env: string } {
  try {
    return {
      words: readFileSync(`/proc/${String(pid)}/cmdline`, 'latin1').split('\0'),
      env: readFileSync(`/proc/${String(pid)}/environ`, 'latin1'),
    };
  } catch {
    return { words: [], env: '' }; // already ended
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    return; // already ended
  }
}

/** Time without a controller. It is a fault, not a wait for one. */
const OUTAGE_MS = 3000;

async function restartController(slurm: Slurm): Promise<void> {
  await slurm.stopController();
  await sleep(OUTAGE_MS);
  slurm.startController();
  await slurm.ready();
}

/** Waits until all runs are purged. A head without a shim on another host counts as ended two minutes after its last heartbeat. */
async function settled(users: readonly CampaignUser[], runs: number): Promise<void> {
  const deadline = Date.now() + 6 * 60_000;
  while (Date.now() < deadline) {
    const all = (await Promise.all(users.map((user) => user.runs()))).flat();
    if (all.length >= runs && all.every(({ state }) => state === 'purged')) return;
    await sleep(1000);
  }
}

async function judge(
  slurm: Slurm,
  users: readonly CampaignUser[],
  cases: readonly Case[],
): Promise<Campaign> {
  const outcomes: Record<string, number> = {};
  const kills: Record<string, number> = {};
  const wrong: string[] = [];
  const neverBegan: string[] = [];
  const open: string[] = [];
  const incompleteReceipts: string[] = [];
  for (const one of cases) {
    const run = await one.user.run(one);
    const what = nameOf(one);
    kills[one.kill] = (kills[one.kill] ?? 0) + 1;
    if (run?.outcome == null || run.state !== 'purged') {
      open.push(`${what}: ${run?.state ?? 'not found'}`);
      continue;
    }
    outcomes[run.outcome] = (outcomes[run.outcome] ?? 0) + 1;
    if (isUnstarted(one, run)) neverBegan.push(describe(slurm, one, run));
    else if (!expectedOutcomes(one).includes(run.outcome)) wrong.push(describe(slurm, one, run));
    const receipt = await one.user.ask<Receipt>(`/v1/runs/${run.id}/receipt`);
    if (receipt?.complete !== true) incompleteReceipts.push(`${what}: ${run.id}`);
  }
  const leftovers: string[] = [];
  for (const { account, value, state } of users) {
    for (const place of [account.home, slurm.directory]) {
      const found = await call('grep', ['-rl', '--devices=skip', value, place]).catch(() => ({ stdout: '' }));
      leftovers.push(...found.stdout.split('\n').filter(Boolean));
    }
    const runs = join(state, 'runs');
    if (existsSync(runs)) leftovers.push(...readdirSync(runs).map((name) => join(runs, name)));
  }
  return { runs: cases.length, outcomes, kills, wrong, neverBegan, open, incompleteReceipts, leftovers };
}

function nameOf({ number, place, kill, exit }: Case): string {
  return `case ${String(number)}, ${place}, killed ${kill}, exit ${String(exit)}`;
}

/** Describes a run for debugging: its outcome, the output of its job, and lines of Slurm's logs. */
function describe(
  { directory, nodes }: Slurm,
  one: Case,
  { headJob: job, outputFile, outcome, outcomeEvidence }: Run,
): string {
  const linesOf = (path: string): string[] =>
    existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
  const id = new RegExp(`\\b${job?.id ?? 'none'}\\b`);
  const logs = ['slurmctld', ...nodes].flatMap((name) =>
    linesOf(join(directory, `${name}.log`))
      .filter((line) => id.test(line))
      .map((line) => `${name}: ${line}`),
  );
  return [
    `${nameOf(one)}: ${String(outcome)} (${outcomeEvidence ?? ''})`,
    ...(outputFile === null ? [] : linesOf(outputFile)).slice(-10),
    ...logs.slice(-30),
  ].join('\n');
}

/** Returns the outcomes that fit a case. Its regular outcome always fits, because the fault may come after the end. */
function expectedOutcomes({ place, kill, exit }: Case): string[] {
  const own = exit === 0 ? 'succeeded' : 'failed';
  if (kill === 'head') return [own, 'failed'];
  // On the login node, a head continues without its shim. In a job, both end.
  if (kill === 'shim') return place === 'here' ? [own] : [own, 'failed', 'lost'];
  // No process can report the outcome. For a head job, the scheduler does.
  if (kill === 'head and shim') return place === 'job' ? [own, 'failed'] : [own, 'failed', 'lost'];
  if (kill === 'scancel' && place !== 'here') return [own, 'cancelled'];
  if (kill === 'command' && place === 'here') return [own];
  return [own];
}
