// One cell of the matrix: one run, in one way, in one store, and one fault at one point; then what is left of it.
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import type { Receipt, Run, RunList } from '../../daemon/contract/types.ts';
import type { FaultPoint } from '../../daemon/host/steps.ts';
import { identifySelf } from '../../daemon/host/process-identity.ts';
import { ACCOUNT, environmentFor, QUEUE, REGION } from '../aws/subject.ts';
import type { StrictAws } from '../aws/strict-aws.ts';
import { killAllIn, root, Sandbox, type Started } from '../launcher.ts';
import { privateDisk } from '../mounts.ts';
import { activeDefinitions, registerDefinition } from './definitions.ts';
import { isHead, processesIn, type Kind } from './kinds.ts';

export const stores = ['nextflow-store', 'aws bundle', 'aws per-secret'] as const;
export type StoreName = (typeof stores)[number];

/**
 * The ways of a run, which together reach every point: to its end; cancelled while it runs; never started, as its
 * launcher is gone; refused, as its placing fails; with a removal that fails once; so long that its leases are renewed;
 * forgotten after its end; with its directory put back after it was purged, as a disk may that lost power; with its head
 * as a job of a scheduler, to its end and cancelled; and with a head that dies and leaves jobs behind.
 */
export const ways = [
  'normal',
  'cancelled',
  'abandoned',
  'refused',
  'stuck',
  'renewed',
  'pruned',
  'put back',
  'as a job',
  'as a cancelled job',
  'with orphans',
] as const;
export type Way = (typeof ways)[number];

export interface Cell {
  readonly store: StoreName;
  readonly way: Way;
  readonly point?: FaultPoint;
  readonly kind?: Kind;
}

export interface Verdict {
  readonly cell: Cell;
  /** Points that were reached, in order, each once. */
  readonly points: readonly FaultPoint[];
  /** Whether the fault happened; `moot`: there was nothing of the kind to kill. */
  readonly fault: 'happened' | 'moot' | 'not reached' | 'none';
  /** What is wrong, in words: empty where every promise was kept. */
  readonly wrong: readonly string[];
  readonly outcome: string | undefined;
  /** From the daemon's start, or the head's end, to nothing left, in milliseconds. */
  readonly recoveredMs: number;
}

const program = join(import.meta.dirname, 'program.js');
const PATIENCE_MS = 20_000;
const HOLD = 'echo x >>launches; while [ ! -e go ]; do sleep 0.03; done';
const SCRIPT = `${HOLD}; echo x >>finished`;
/** A line of Nextflow's own log, by which the daemon knows of jobs. The head ends itself by SIGKILL afterwards. */
const ORPHANS = `sbatch --job-name=task --output=/dev/null -- ./task.sh >id; echo "Nov-23 12:00:00.000 [Task submitter] DEBUG nextflow.executor.GridTaskHandler - [SLURM] submitted process foo > jobId: $(cat id); workDir: /w" >>.nextflow.log; ${HOLD}; kill -9 $PPID; sleep 0.1`;

/** What a cell's state directory may grow to, in MiB, where it is a disk of its own. */
const DISK_MB = 32;

/**
 * Runs one cell; `template` is a state directory with a secret and a compute environment. Never throws for what is wrong.
 * `mayMount`: we are in a mount namespace of our own, and the disk that is full is a real one.
 */
export async function runCell(
  cell: Cell,
  template: Template,
  aws: StrictAws | undefined,
  mayMount: boolean,
): Promise<Verdict> {
  const box = new Sandbox({ teardown: () => undefined } as unknown as Test);
  const unmount = mayMount && cell.kind === 'disk full' ? privateDisk(box.state, DISK_MB) : undefined;
  if (unmount !== undefined) box.env['FAULT_DISK'] = box.state;
  try {
    return await new Trial(box, cell, template, aws).run();
  } finally {
    killAllIn(box.directory);
    unmount?.();
    rmSync(box.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A state directory to begin with, and the value in it. */
export interface Template {
  readonly directory: string;
  readonly value: string;
}

/** Makes one; its AWS compute environment leads to `aws`. */
export async function makeTemplate(t: Test, store: StoreName, aws: StrictAws | undefined): Promise<Template> {
  const box = new Sandbox(t);
  if (aws !== undefined) Object.assign(box.env, environmentFor(aws));
  const value = randomBytes(16).toString('hex');
  const run = async (args: readonly string[], input?: string): Promise<void> => {
    const { status, stderr } = await box.escrow(args, input === undefined ? {} : { input });
    if (status !== 0) throw new Error(stderr);
  };
  await run(['secrets', 'set', 'FOO_KEY'], value);
  await run(['compute-envs', 'create', 'jobs', '--platform', 'hpc', '--executor', 'slurm', '--head-job']);
  if (aws !== undefined)
    await run([
      ...['compute-envs', 'create', 'batch', '--platform', 'aws-batch', '--region', REGION, '--queue', QUEUE],
      ...['--work-dir', 's3://nf-work/run', '--execution-role', `arn:aws:iam::${ACCOUNT}:role/execution`],
      ...['--endpoint', aws.endpoint, '--layout', store === 'aws per-secret' ? 'per-secret' : 'bundle'],
      ...(store === 'aws per-secret'
        ? ['--dead-man', '--dead-man-role', `arn:aws:iam::${ACCOUNT}:role/switch`]
        : []),
    ]);
  await run(['daemon', 'stop']);
  return { directory: box.state, value };
}

class Trial {
  readonly #cell: Cell;
  readonly #box: Sandbox;
  readonly #aws: StrictAws | undefined;
  readonly #value: string;
  readonly #directory: string;
  readonly #wrong: string[] = [];
  #daemon: Started | undefined;
  #endedAt = performance.now();

  constructor(box: Sandbox, cell: Cell, { directory, value }: Template, aws: StrictAws | undefined) {
    this.#cell = cell;
    this.#aws = cell.store === 'nextflow-store' ? undefined : aws;
    this.#value = value;
    this.#box = box;
    this.#directory = join(box.directory, 'faults');
    for (const name of ['faults', 'jobs']) mkdirSync(join(box.directory, name));
    mkdirSync(box.state, { recursive: true, mode: 0o700 });
    execFileSync('cp', ['-a', `${directory}/.`, box.state]);
    writeFileSync(join(box.launch, 'task.sh'), 'sleep 600\n');
    Object.assign(box.env, {
      FAULT_DIRECTORY: this.#directory,
      JOBS: join(box.directory, 'jobs'),
      PATH: `${join(root, 'test/faults/bin')}:${box.env['PATH'] ?? ''}`,
      // AWS Batch cannot be had without the plugin; the stand-in nextflow needs none here.
      ...(this.#aws === undefined ? {} : { ...environmentFor(this.#aws), NXF_PLUGINS_DEFAULT: 'true' }),
      ...(cell.point === undefined ? {} : { FAULT_POINT: cell.point, FAULT_KIND: cell.kind ?? '' }),
      ...(cell.way === 'stuck' ? { FAULT_ALSO: 'error@before lease.remove' } : {}),
      ...(cell.way === 'renewed' ? { FAULT_ALSO: 'clock@after run.record-running' } : {}),
      ...(cell.way === 'refused' ? { FAULT_ALSO: 'error@after lease.place' } : {}),
    });
  }

  async run(): Promise<Verdict> {
    const cell = this.#cell;
    if (cell.kind === 'carried out late') this.#aws?.rules.holding.push(600);
    await this.#ensureDaemon();
    if (cell.way === 'abandoned') await this.#abandon();
    else await this.#launch();
    this.#endedAt = performance.now();
    const runs = await this.#settle();
    const recoveredMs = performance.now() - this.#endedAt;
    if (cell.way === 'pruned') await this.#prune();
    if (cell.way === 'put back') await this.#putBack();
    await this.#judge(runs);
    return {
      cell,
      points: this.#points(),
      fault:
        cell.point === undefined
          ? 'none'
          : this.#has('moot')
            ? 'moot'
            : this.#has('spent')
              ? 'happened'
              : 'not reached',
      wrong: this.#wrong,
      outcome: runs[0]?.outcome ?? undefined,
      recoveredMs,
    };
  }

  /** Runs to the end of the command that the user would have typed, or to that of everything it started. */
  async #launch(): Promise<void> {
    const { way, store } = this.#cell;
    const where = way.includes('job') ? 'jobs' : store === 'nextflow-store' ? 'local' : 'batch';
    const environment = where === 'local' ? [] : ['--compute-env', where];
    const script = way === 'with orphans' ? ORPHANS : SCRIPT;
    const detach = way === 'pruned' ? ['--detach'] : [];
    const started = this.#start(['run', ...environment, ...detach, script]);
    const ended = started.ended.then(() => true);
    const launched = await this.#until(
      () => this.#launches() > 0,
      where === 'jobs' || detach.length > 0 ? undefined : ended,
    );
    if (launched) await this.#whileItRuns();
    const over = await Promise.race([ended, sleep(PATIENCE_MS, false, { ref: false })]);
    if (!over) this.#wrong.push('it hangs: the command does not end');
  }

  async #whileItRuns(): Promise<void> {
    const { way } = this.#cell;
    await this.#registerDefinition();
    // Points that are reached only now, and what became of the daemon there.
    if (this.#cell.point !== undefined && way !== 'cancelled')
      await this.#wait(() => this.#has('spent'), 400);
    if (way === 'renewed')
      await this.#wait(() => this.#points().includes('after lease.record-renewed'), 4000);
    await this.#ensureDaemon();
    this.#expectSecrets();
    if (way === 'put back')
      execFileSync('cp', ['-a', '--', join(this.#box.state, 'runs'), join(this.#box.directory, 'copy')]);
    if (this.#aws !== undefined && this.#heads() > 0 && (await this.#aws.secrets()).length === 0)
      this.#wrong.push('purged while alive');
    if (way === 'cancelled' || way === 'as a cancelled job') {
      await this.#cancel();
      await this.#wait(() => this.#heads() === 0, 8000);
    }
    writeFileSync(join(this.#box.launch, 'go'), '');
    if (way === 'with orphans') {
      await this.#settle();
      await this.#cancel();
      await this.#wait(() => this.#points().includes('after orphans.record'), 4000);
    }
  }

  /** Again, until it is done: the daemon may die of the first. */
  async #cancel(): Promise<void> {
    for (let tries = 0; tries < 6; tries += 1) {
      const [run] = (await this.#runs()) ?? [];
      const path = `/v1/runs/${run?.id ?? 'none'}/cancel`;
      const answer = await this.#box.http('POST', path).catch(() => undefined);
      if (answer?.status === 200) return;
      await this.#ensureDaemon();
    }
  }

  async #abandon(): Promise<void> {
    const body = {
      selection: {},
      launchDirectory: this.#box.launch,
      nextflow: '/bin/true',
      arguments: ['run', 'x'],
      localStore: null,
      launcher: { ...identifySelf(), startTime: '1' },
    };
    await this.#box.http('POST', '/v1/runs', body).catch(() => undefined);
  }

  async #putBack(): Promise<void> {
    if (!existsSync(join(this.#box.directory, 'copy'))) return; // it was never launched
    const directory = join(this.#box.state, 'runs');
    execFileSync('mv', ['--', this.#copy, directory]);
    for (let tries = 0; tries < 3; tries += 1) {
      await this.#endDaemon();
      await this.#ensureDaemon();
      await this.#wait(() => readdirSync(directory).length === 0, 1000);
    }
  }

  async #endDaemon(): Promise<void> {
    await this.#box.http('POST', '/v1/daemon/stop').catch(() => undefined);
    await this.#wait(
      () => processesIn(this.#box.directory).every(({ command }) => !/ daemon run/.test(command)),
      3000,
    );
  }

  get #copy(): string {
    const [name = ''] = readdirSync(join(this.#box.directory, 'copy'));
    return join(this.#box.directory, 'copy', name);
  }

  async #timePasses(): Promise<void> {
    if (this.#has('later')) return;
    writeFileSync(join(this.#directory, 'later'), '');
    const clock = join(this.#directory, 'clock');
    const offset = existsSync(clock) ? Number(readFileSync(clock, 'utf8')) : 0;
    writeFileSync(clock, String(offset + 600_000));
    await this.#endDaemon();
  }

  async #prune(): Promise<void> {
    for (let tries = 0; tries < 4; tries += 1) {
      await this.#ensureDaemon();
      await this.#start(['runs', 'prune', '--older-than', '0', '--yes']).ended;
      if ((await this.#runs())?.length === 0) return;
      await sleep(200);
    }
    this.#wrong.push('not pruned');
  }

  /** Waits until the ledger says that everything is purged, with a daemon that stays. */
  async #settle(): Promise<Run[]> {
    const deadline = performance.now() + PATIENCE_MS;
    const late = performance.now() + 3000;
    for (;;) {
      await this.#ensureDaemon();
      const runs = await this.#runs();
      if (runs?.every(({ state }) => state === 'purged') === true) return runs;
      // A head that was to be a job, and that its scheduler does not know: time passes, so that it is given up.
      if (runs?.[0]?.state === 'materialized' && performance.now() > late) await this.#timePasses();
      if (performance.now() > deadline) {
        const [run] = runs ?? [];
        this.#wrong.push(`still ${String(run?.state)}: ${run?.removalTrouble ?? 'no trouble told'}`);
        return runs ?? [];
      }
      await sleep(50);
    }
  }

  async #judge(runs: readonly Run[]): Promise<void> {
    const wrong = this.#wrong;
    const { kind, way, store } = this.#cell;
    for (const path of this.#box.filesWith(this.#value))
      wrong.push(`left behind: ${path.slice(this.#box.directory.length)}`);
    const directory = join(this.#box.state, 'runs');
    for (const name of existsSync(directory) ? readdirSync(directory) : [])
      wrong.push(`left behind: runs/${name}`);
    if (this.#aws !== undefined) {
      await this.#aws.quiet();
      for (const name of await this.#aws.secrets()) wrong.push(`left behind: secret ${name}`);
      for (const name of await activeDefinitions(this.#aws))
        if (runs.some(({ id }) => name.includes(id))) wrong.push(`left behind: job definition ${name}`);
    }
    if (runs.length > 1) wrong.push('more than one run');
    const launches = this.#launches();
    if (launches > 1) wrong.push(`launched ${String(launches)} times`);
    const [run] = runs;
    if (run === undefined) {
      if (launches > 0) wrong.push('a run that nobody knows of');
      return;
    }
    const finished = existsSync(join(this.#box.launch, 'finished'));
    const { outcome } = run;
    if (outcome === 'succeeded' && !finished) wrong.push('said to have succeeded');
    // What took the fence was killed before it had done anything.
    const unknown = kind !== undefined && /head|shim|all|reboot/.test(kind) && outcome !== 'succeeded';
    if (launches === 0 && outcome !== 'aborted' && outcome !== 'cancelled' && !unknown)
      wrong.push(`never launched, and ${String(outcome)}`);
    if (launches > 0 && outcome === 'aborted') wrong.push('launched, and aborted');
    const killed =
      this.#has('spent') && !this.#has('moot') && kind !== undefined && /head|shim|all|reboot/.test(kind);
    if (finished && !killed && way !== 'cancelled' && outcome !== 'succeeded')
      wrong.push(`it succeeded, and is ${String(outcome)}`);
    if (way === 'pruned') return;
    const answer = await this.#box.http('GET', `/v1/runs/${run.id}/receipt`);
    const receipt = JSON.parse(answer.text) as Receipt;
    if (!receipt.complete) wrong.push('the receipt is not complete');
    for (const { target, check, goneAt } of receipt.leases)
      if (check === null || goneAt === null) wrong.push(`the receipt does not tell how ${target} went`);
    if (
      store !== 'nextflow-store' &&
      launches > 0 &&
      !receipt.leases.some((lease) => lease.store === 'batch-job-definitions')
    )
      wrong.push('the job definition is not in the receipt');
  }

  async #registerDefinition(): Promise<void> {
    if (this.#aws === undefined) return;
    const [id] = readdirSync(join(this.#box.state, 'runs'));
    if (id === undefined) return;
    const at = new Date().toISOString();
    const name = `nf-task-${id}`;
    const events = join(this.#box.state, 'runs', id, 'events.jsonl');
    appendFileSync(
      events,
      `${JSON.stringify({ type: 'job-definition.registering', definition: name, at })}\n`,
      { mode: 0o600 },
    );
    const definition = await registerDefinition(this.#aws, name, id);
    appendFileSync(events, `${JSON.stringify({ type: 'job-definition.registered', definition, at })}\n`);
  }

  /** While a head lives, what it was given is there. */
  #expectSecrets(): void {
    if (this.#aws !== undefined || this.#heads() === 0) return;
    if (this.#box.filesWith(this.#value).length === 0) this.#wrong.push('purged while alive');
  }

  #start(args: readonly string[]): Started {
    return this.#box.startProgram(process.execPath, [program, ...args]);
  }

  /** There is a daemon that answers, ours or one that a command has started. */
  async #ensureDaemon(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (performance.now() < deadline) {
      const health = await this.#box.http('GET', '/v1/health').catch(() => undefined);
      if (health?.status === 200) return;
      if (
        this.#daemon === undefined ||
        this.#daemon.child.exitCode !== null ||
        this.#daemon.child.signalCode !== null
      )
        this.#daemon = this.#start(['daemon', 'run']);
      await sleep(20);
    }
    throw new Error('no daemon starts');
  }

  /** Undefined where no daemon answers. */
  async #runs(): Promise<Run[] | undefined> {
    const answer = await this.#box.http('GET', '/v1/runs').catch(() => undefined);
    return answer?.status === 200 ? [...(JSON.parse(answer.text) as RunList).runs] : undefined;
  }

  /** False where `over` came first, or it took too long. */
  async #until(look: () => boolean, over?: Promise<boolean>): Promise<boolean> {
    const ended = { yet: false };
    void over?.then(() => (ended.yet = true));
    const deadline = performance.now() + 8000;
    while (performance.now() < deadline) {
      if (look()) return true;
      if (ended.yet) return look();
      if (over === undefined) await this.#ensureDaemon();
      await sleep(20);
    }
    return false;
  }

  async #wait(look: () => boolean, ms: number): Promise<void> {
    for (const deadline = performance.now() + ms; performance.now() < deadline && !look();) await sleep(20);
  }

  #launches(): number {
    const path = join(this.#box.launch, 'launches');
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0;
  }

  /** Heads that live: of the stand-in, in this cell's directory. */
  #heads(): number {
    return processesIn(this.#box.launch).filter(isHead).length;
  }

  #points(): FaultPoint[] {
    const path = join(this.#directory, 'points');
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
    return [...new Set(lines)] as FaultPoint[];
  }

  #has(name: string): boolean {
    return existsSync(join(this.#directory, name));
  }
}
