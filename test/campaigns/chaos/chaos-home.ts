// One user's home with its daemon and many parallel runs.
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import type { Process, Run, RunList, RunRequest, RunStart } from '../../../daemon/contract/types.ts';
import { identify } from '../../../daemon/system/processes/process-identity.ts';
import { ACCOUNT, environmentFor, QUEUE, REGION } from '../../support/aws/test-aws.ts';
import type { StrictAws } from '../../support/aws/strict-aws.ts';
import { remnants } from '../faults/leftovers.ts';
import { killAllIn, Sandbox, testProgram, untapped, type Started } from '../../support/sandbox.ts';
import { RestartingDaemon } from '../faults/restarting-daemon.ts';
import { privateDisk } from '../../support/mounts.ts';
import type { RunPlan } from './fault-plan.ts';

const program = testProgram('chaos', 'campaigns/chaos/program.js');
/** Long, because faults kill the daemon every few seconds and often disturb the clock and the disk. */
const PATIENCE_MS = 180_000;
/** Attempts to launch a run, because the fault of a parallel run (such as a full disk) can refuse it. */
const ATTEMPTS = 8;
/** Size of the state directory in MiB when it is a separate disk. */
const DISK_MB = 128;

/** The result of one run. */
export interface Result {
  readonly plan: RunPlan;
  readonly outcome: string | undefined;
  /** Number of refused launches before the one that succeeded. */
  readonly refusals: number;
  /** Violated promises; empty when all were kept. */
  readonly wrong: readonly string[];
  /** Milliseconds from the end of the head to the last removal. */
  readonly recoveredMs: number;
}

export class ChaosHome {
  readonly #box: Sandbox;
  readonly #aws: StrictAws | undefined;
  readonly #real: string | undefined;
  readonly #unmount: (() => void) | undefined;
  readonly #value = randomBytes(24).toString('hex');
  readonly #daemon: RestartingDaemon;

  /**
   * `real` is a Nextflow to use instead of the fake. `boot` is the file that is mounted over the kernel's boot id in the mount
   * namespace of this process; then the state directory is a small disk.
   */
  constructor(aws: StrictAws | undefined, real: string | undefined, boot: string | undefined) {
    const box = (this.#box = new Sandbox({ teardown: () => undefined } as unknown as Test, real));
    this.#daemon = new RestartingDaemon(box, () => this.#start(['daemon', 'run'], box.state), PATIENCE_MS);
    this.#aws = aws;
    this.#real = real;
    for (const name of ['armed', 'launch']) mkdirSync(join(box.directory, name), { recursive: true });
    Object.assign(box.env, aws === undefined ? {} : environmentFor(aws), { CHAOS: box.directory });
    if (real === undefined) box.env['NXF_PLUGINS_DEFAULT'] = 'false';
    if (boot !== undefined) {
      box.env['CHAOS_BOOT'] = boot;
      box.env['FAULT_DISK'] = box.state;
      this.#unmount = privateDisk(box.state, DISK_MB);
    }
  }

  get directory(): string {
    return this.#box.directory;
  }

  async open(): Promise<void> {
    await this.#command(['secrets', 'set', 'FOO_KEY'], this.#value);
    if (this.#aws === undefined) return;
    const perSecret = [
      ...['--layout', 'per-secret', '--dead-man', '--dead-man-role', `arn:aws:iam::${ACCOUNT}:role/switch`],
    ];
    for (const [name, ...more] of [['batch'], ['switched', ...perSecret]] as const)
      await this.#command([
        ...['compute-envs', 'create', name, '--platform', 'aws-batch', '--region', REGION, '--queue', QUEUE],
        ...['--work-dir', 's3://nf-work/run', '--execution-role', `arn:aws:iam::${ACCOUNT}:role/execution`],
        ...['--endpoint', this.#aws.endpoint, ...more],
      ]);
  }

  /** Runs one plan until its run is purged, or turns out not to exist. */
  async run(plan: RunPlan): Promise<Result> {
    const directory = join(this.directory, 'launch', String(plan.index));
    mkdirSync(directory);
    const arm = join(this.directory, 'armed', String(plan.index));
    if (plan.fault !== undefined) writeFileSync(arm, `${plan.fault.point}\n${plan.fault.kind}\n`);
    const wrong: string[] = [];
    for (let refusals = 0; ; refusals += 1) {
      const child = await this.#launch(plan, directory);
      if (child !== undefined && !(await within(child.ended, PATIENCE_MS)))
        wrong.push('hangs: the command does not end');
      const ended = performance.now();
      const runs = await this.#settled(directory, wrong);
      const recoveredMs = performance.now() - ended;
      if (runs.length === 0 && refusals + 1 < ATTEMPTS && wrong.length === 0 && !hasLaunched(directory)) {
        await sleep(700); // a user retries after a moment; a fault such as a full disk lasts as long
        continue;
      }
      if (existsSync(arm)) unlinkSync(arm); // its point was never reached
      await this.#judge(plan, directory, runs, refusals, wrong);
      return { plan, outcome: runs[0]?.outcome ?? undefined, refusals, wrong, recoveredMs };
    }
  }

  /** Returns what remains after all runs. */
  async leftovers(): Promise<string[]> {
    const found = this.#box.filesWith(this.#value);
    const runs = join(this.#box.state, 'runs');
    if (existsSync(runs)) found.push(...readdirSync(runs).map((name) => join(runs, name)));
    if (this.#aws === undefined) return found;
    await this.#daemon.ensure();
    const known = (await this.#allRuns('?limit=1000')) ?? [];
    for (const { what, run } of await remnants(this.#aws)) {
      const directory = known.find(({ id }) => id === run)?.launchDirectory;
      found.push(`${what} of run ${run}${directory === undefined ? '' : ` (${basename(directory)})`}`);
    }
    return found;
  }

  /** Counts the faults of each kind that happened, or that had no process to kill (`moot`). */
  faults(which: 'happened' | 'moot'): Record<string, number> {
    const path = join(this.directory, which);
    const counts: Record<string, number> = {};
    if (existsSync(path))
      for (const kind of readFileSync(path, 'utf8').split('\n').filter(Boolean))
        counts[kind] = (counts[kind] ?? 0) + 1;
    return counts;
  }

  close(): void {
    killAllIn(this.directory);
    this.#unmount?.();
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  async #launch(plan: RunPlan, directory: string): Promise<{ ended: Promise<unknown> } | undefined> {
    const isByApi = plan.way === 'api' && plan.store !== 'aws' && this.#real === undefined;
    const child = isByApi ? await this.#byApi(plan, directory) : this.#byCommand(plan, directory);
    if (plan.way === 'cancelled') await this.#cancelSoon(directory, child);
    return child;
  }

  #byCommand({ store, ...plan }: RunPlan, directory: string): Started {
    const environment = plan.index % 2 === 0 ? 'batch' : 'switched';
    if (store !== 'aws') return this.#start(['run', this.#pipeline(plan, directory, true)], directory);
    const args = ['run', '--compute-env', environment, this.#pipeline(plan, directory, false)];
    return this.#start(args, directory, undefined, { NXF_PLUGINS_DEFAULT: 'true' });
  }

  /** Launches a run through the API like `nf-escrow run`. The launching process is a `sleep` that ends with the shim. */
  async #byApi(plan: RunPlan, directory: string): Promise<{ ended: Promise<unknown> } | undefined> {
    await this.#daemon.ensure();
    const launcher = spawn('sleep', ['600'], { cwd: directory, stdio: 'ignore' });
    const identity = launcher.pid === undefined ? undefined : identify(launcher.pid);
    if (identity === undefined) throw new Error('sleep did not start');
    const started = await this.#askAndStart(plan, directory, identity);
    const end = (): void => void launcher.kill('SIGKILL');
    if (started === undefined) end();
    else void started.ended.then(end);
    return started;
  }

  async #askAndStart(
    plan: RunPlan,
    directory: string,
    launcher: Process,
  ): Promise<{ ended: Promise<unknown> } | undefined> {
    const request: RunRequest = {
      selection: {},
      launchDirectory: directory,
      nextflow: this.#box.env['NF_ESCROW_NEXTFLOW'] ?? '',
      arguments: ['run', this.#pipeline(plan, directory, true)],
      localStore: null,
      launcher,
    };
    const answer = await this.#box.http('POST', '/v1/runs', request).catch(() => undefined);
    if (answer?.status !== 201) return undefined; // refused, or interrupted: then the daemon aborts the run
    const { start } = JSON.parse(answer.text) as RunStart;
    if (start === undefined) return undefined;
    const child = spawn(...untapped(start.command, start.arguments), {
      cwd: directory,
      env: { ...this.#box.env, ...start.environment },
      stdio: 'ignore',
      detached: true,
    });
    return { ended: new Promise((resolve) => child.on('exit', resolve).on('error', resolve)) };
  }

  /** Returns the pipeline argument: a script for the fake Nextflow, or a pipeline with one process. */
  #pipeline({ works, exit }: Pick<RunPlan, 'works' | 'exit'>, directory: string, here: boolean): string {
    const seconds = (works / 1000).toFixed(3);
    const end = `echo x >>${directory}/finished; exit ${String(exit)}`;
    const look = here ? 'grep -q FOO_KEY "$NXF_SECRETS_FILE" || echo x >>torn; ' : '';
    if (this.#real === undefined) return `echo x >>launches; sleep ${seconds}; ${look}${end}`;
    const hash = createHash('sha256').update(this.#value).digest('hex');
    const text = `process WORK {
  secret 'FOO_KEY'
  script:
  '''
  echo x >>${directory}/launches
  sleep ${seconds}
  [ "$(printf %s "$FOO_KEY" | sha256sum)" = "${hash}  -" ] || echo x >>${directory}/torn
  ${end}
  '''
}
workflow { WORK() }
`;
    writeFileSync(join(directory, 'main.nf'), text);
    return 'main.nf';
  }

  async #cancelSoon(directory: string, child: { ended: Promise<unknown> } | undefined): Promise<void> {
    const over = { yet: false };
    void child?.ended.then(() => (over.yet = true));
    for (let tries = 0; tries < 400 && !over.yet; tries += 1) {
      if (hasLaunched(directory)) {
        const run = (await this.#runsIn(directory, '?limit=100'))?.[0];
        const path = `/v1/runs/${run?.id ?? 'none'}/cancel`;
        const answer = await this.#box.http('POST', path).catch(() => undefined);
        if (answer?.status === 200) return;
        await this.#daemon.ensure();
      }
      await sleep(30);
    }
  }

  /** Waits until all runs of a launch directory are purged, and restarts the daemon when needed. */
  async #settled(directory: string, wrong: string[]): Promise<Run[]> {
    const deadline = performance.now() + PATIENCE_MS;
    for (let pause = 20; ; pause = Math.min(pause * 1.5, 300)) {
      await this.#daemon.ensure();
      const runs = await this.#runsIn(directory, '?state=open&limit=200');
      const all = runs?.length === 0 ? await this.#runsIn(directory, '?limit=1000') : undefined;
      // A run whose command was killed may be recorded between the two requests.
      if (all?.every(({ state }) => state === 'purged') === true) return all;
      if (performance.now() > deadline) {
        wrong.push(
          `left behind: ${JSON.stringify(runs?.[0])}`,
          `run directories: ${filesOf(this.#box.state)}`,
        );
        return runs ?? [];
      }
      await sleep(pause);
    }
  }

  async #judge(
    { exit, way }: RunPlan,
    directory: string,
    runs: readonly Run[],
    refusals: number,
    wrong: string[],
  ): Promise<void> {
    const has = (name: string): boolean => existsSync(join(directory, name));
    const launches = has('launches') ? readFileSync(join(directory, 'launches'), 'utf8').length / 2 : 0;
    const [finished, killed] = [has('finished'), has('killed')];
    // A launcher may have been killed while its run was created. That run is aborted, and the retry creates another.
    if (
      launches > 1 ||
      runs.slice(1).some(({ outcome }) => outcome !== 'aborted') ||
      runs.length > refusals + 1
    )
      wrong.push(`launched ${String(launches)} times, as ${String(runs.length)} runs`);
    const [run] = runs;
    if (run === undefined) {
      if (launches > 0) wrong.push('launched without a record');
      return;
    }
    const { outcome } = run;
    if (outcome === 'succeeded' && (!finished || exit !== 0)) wrong.push('reported as succeeded');
    if (outcome === 'cancelled' && way !== 'cancelled') wrong.push('reported as cancelled');
    if (launches > 0 && outcome === 'aborted') wrong.push('launched but reported as aborted');
    if (!killed && way !== 'cancelled') {
      const expected = exit === 0 ? 'succeeded' : 'failed';
      if (finished && outcome !== expected) wrong.push(`${expected} but reported as ${String(outcome)}`);
      if (launches > 0 && !finished) wrong.push('purged while alive, or ended for no reason');
      if (has('torn')) wrong.push('purged while alive');
      if (launches === 0 && outcome !== 'aborted' && this.#real === undefined)
        wrong.push(`never launched but reported as ${String(outcome)}`);
    }
    const answer = await this.#daemon.receipt(run.id);
    if (
      answer?.complete !== true ||
      answer.leases.some(({ verification, goneAt }) => verification === null || goneAt === null)
    )
      wrong.push('left behind: the receipt is incomplete');
  }

  async #runsIn(directory: string, query: string): Promise<Run[] | undefined> {
    const runs = await this.#allRuns(query);
    return runs?.filter(({ launchDirectory }) => launchDirectory === directory);
  }

  /** Returns undefined when no daemon answers. */
  async #allRuns(query: string): Promise<readonly Run[] | undefined> {
    const answer = await this.#box.http('GET', `/v1/runs${query}`).catch(() => undefined);
    return answer?.status === 200 ? (JSON.parse(answer.text) as RunList).runs : undefined;
  }

  async #command(args: readonly string[], input?: string): Promise<void> {
    const { status, stderr } = await this.#start(args, this.#box.launch, input).ended;
    if (status !== 0) throw new Error(stderr);
  }

  #start(args: readonly string[], cwd: string, input?: string, env: Record<string, string> = {}): Started {
    const rest = input === undefined ? {} : { input };
    return this.#box.startProgram(process.execPath, [program, ...args], { cwd, env, ...rest });
  }
}

function hasLaunched(directory: string): boolean {
  return existsSync(join(directory, 'launches'));
}

async function within(work: Promise<unknown>, ms: number): Promise<boolean> {
  return Promise.race([work.then(() => true), sleep(ms, false, { ref: false })]);
}

/** Lists the files in the run directories and the content of the process files. */
function filesOf(state: string): string {
  const runs = join(state, 'runs');
  const names = readdirSync(runs, { recursive: true }).map(String);
  const processes = names
    .filter((name) => name.endsWith('/process'))
    .map((name) => readFileSync(join(runs, name), 'utf8'));
  return [...names, ...processes].join(' ');
}
