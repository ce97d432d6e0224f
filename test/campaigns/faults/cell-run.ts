// One run of a cell, from its launch to the verdict.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Run } from '../../../daemon/contract/types.ts';
import type { FaultPoint } from '../../../daemon/system/steps.ts';
import { identifySelf } from '../../../daemon/system/processes/process-identity.ts';
import { environmentFor } from '../../support/aws/test-aws.ts';
import type { StrictAws } from '../../support/aws/strict-aws.ts';
import { root, type Sandbox } from '../../support/sandbox.ts';
import { isInAws, isOfTeam, isOnAws, type Cell, type Cloud, type Verdict } from './cell.ts';
import { CellDaemon, PATIENCE_MS } from './cell-daemon.ts';
import { BatchHead } from './batch-head.ts';
import { judgeReceipt, judgeRun, type Observed } from './judge.ts';
import { isHead, isShim, processesIn, requestAt } from './fault-kinds.ts';
import { filesLeft, leftInAws } from './leftovers.ts';
import { scriptOf } from './scripts.ts';
import type { CellReplicas } from './team/cell-replicas.ts';
import { NAMES, type Template } from './template.ts';

/** How long AWS rejects the credentials. */
const EXPIRED_MS = 2000;

export class CellRun {
  readonly #cell: Cell;
  readonly #box: Sandbox;
  readonly #aws: StrictAws | undefined;
  readonly #batch: BatchHead | undefined;
  readonly #replicas: CellReplicas | undefined;
  readonly #values: readonly string[];
  readonly #directory: string;
  readonly #daemon: CellDaemon;
  readonly #wrong: string[] = [];
  #endedAt = performance.now();
  #cancel: Observed['cancel'] = 'no';

  constructor(
    box: Sandbox,
    cell: Cell,
    { directory, values }: Template,
    { cloud, replicas }: { readonly cloud: Cloud | undefined; readonly replicas: CellReplicas | undefined },
  ) {
    this.#cell = cell;
    this.#aws = cloud?.aws;
    this.#replicas = replicas;
    this.#batch =
      cloud === undefined || !isOnAws(cell.store)
        ? undefined
        : new BatchHead(box, cloud, () => this.#heads() > 0);
    this.#values = values;
    this.#box = box;
    this.#daemon = new CellDaemon(box);
    this.#directory = join(box.directory, 'faults');
    for (const name of ['faults', 'jobs']) mkdirSync(join(box.directory, name));
    mkdirSync(box.state, { recursive: true, mode: 0o700 });
    execFileSync('cp', ['-a', `${directory}/.`, box.state]);
    writeFileSync(join(box.launch, 'task.sh'), 'sleep 600\n');
    Object.assign(box.env, {
      FAULT_DIRECTORY: this.#directory,
      JOBS: join(box.directory, 'jobs'),
      PATH: `${join(root, 'test/campaigns/faults/bin')}:${box.env['PATH'] ?? ''}`,
      // nf-escrow requires the plugin on AWS Batch. The fake Nextflow does not load it.
      ...(this.#aws === undefined ? {} : { ...environmentFor(this.#aws), NXF_PLUGINS_DEFAULT: 'true' }),
      ...(cell.point === undefined ? {} : { FAULT_POINT: cell.point, FAULT_KIND: cell.kind ?? '' }),
      ...(cell.way === 'stuck' ? { FAULT_ALSO: 'error@before lease.remove' } : {}),
      ...(cell.way === 'renewed' ? { FAULT_ALSO: 'clock@after run.record-running' } : {}),
      ...(cell.way === 'refused' ? { FAULT_ALSO: 'error@after lease.place' } : {}),
    });
  }

  async run(): Promise<Verdict> {
    const cell = this.#cell;
    const request = cell.kind === 'carried out late' && cell.point !== undefined && requestAt(cell.point);
    if (request !== false && request !== undefined && this.#aws !== undefined) {
      this.#aws.rules.lossy = request;
      this.#aws.rules.holding.push(600);
    }
    const acting = this.#act();
    await this.#replicas?.ready();
    await this.#daemon.ensure();
    if (cell.way === 'abandoned') await this.#abandon();
    else await this.#launch();
    this.#endedAt = performance.now();
    const runs = await this.#settle();
    const recoveredMs = performance.now() - this.#endedAt;
    if (cell.way === 'pruned') await this.#prune();
    if (cell.way === 'put back') await this.#putBack();
    for (const what of filesLeft(this.#box, this.#values)) this.#wrong.push(`left behind: ${what}`);
    const received = await this.#reports(runs); // the fault can happen in a report, which may follow the purge
    const fault = this.#fault();
    if (fault === 'not reached') this.#wrong.push('not reached: the point of the fault');
    else if (cell.kind === 'carried out late' && !this.#wasHeldBack())
      this.#wrong.push('not reached: no request was delayed');
    clearInterval(acting);
    if (this.#aws !== undefined) this.#aws.rules.holding.length = 0; // must not delay requests of the next cell
    await this.#judge(runs, received);
    return {
      cell,
      points: this.#points(),
      fault,
      wrong: this.#wrong,
      outcome: runs[0]?.outcome ?? undefined,
      recoveredMs,
    };
  }

  /**
   * Lets AWS reject all credentials for some time when the fault asks for it, and tells the fault that AWS has a request that it will
   * carry out late. Returns the timer that looks for both.
   */
  #act(): NodeJS.Timeout | undefined {
    const aws = this.#aws;
    if (aws === undefined) return undefined;
    const key = environmentFor(aws)['AWS_ACCESS_KEY_ID'] ?? '';
    aws.rules.expired.delete(key); // an earlier cell may have ended while it was rejected
    return setInterval(() => {
      if (this.#cell.kind === 'carried out late' && aws.rules.holding.length === 0)
        writeFileSync(join(this.#directory, 'held'), '');
      if (!this.#has('expire') || this.#has('expired')) return;
      aws.rules.expired.add(key);
      writeFileSync(join(this.#directory, 'expired'), '');
      setTimeout(() => aws.rules.expired.delete(key), EXPIRED_MS).unref();
    }, 20).unref();
  }

  #fault(): Verdict['fault'] {
    if (this.#cell.point === undefined) return 'none';
    if (this.#has('moot')) return 'moot';
    return this.#has('spent') ? 'happened' : 'not reached';
  }

  #wasHeldBack(): boolean {
    if (this.#cell.point === 'before job.submit') return this.#has('late-job.taken');
    return this.#aws?.rules.holding.length === 0;
  }

  async #judge(runs: readonly Run[], received: number): Promise<void> {
    const ids = runs.map(({ id }) => id);
    if (this.#aws !== undefined) this.#wrong.push(...(await leftInAws(this.#aws, ids)));
    const observed: Observed = {
      cell: this.#cell,
      points: this.#points(),
      runs,
      launches: this.#launches(),
      finished: existsSync(join(this.#box.launch, 'finished')),
      torn: existsSync(join(this.#box.launch, 'torn')),
      cancel: this.#cancel,
      killed: { head: this.#has('killed-head'), shim: this.#has('killed-shim') },
    };
    this.#wrong.push(...judgeRun(observed));
    // Compares what the server knows with the run.
    this.#wrong.push(...((await this.#replicas?.judge(runs, received)) ?? []));
    const [run] = runs;
    if (run === undefined || this.#cell.way === 'pruned') return; // pruning removes the receipt as well
    this.#wrong.push(...judgeReceipt(observed, await this.#daemon.receipt(run.id)));
  }

  /**
   * Waits until the daemon has reported each release that it received, and of those that the server delivers also the ones whose request
   * failed. Returns the number of received ones.
   */
  async #reports(runs: readonly Run[]): Promise<number> {
    const replicas = this.#replicas;
    if (replicas === undefined) return 0;
    const recorded = isInAws(this.#cell.store) ? 'after release.request' : 'after release.record';
    const received = this.#reached().filter((point) => point === recorded).length;
    const wanted = isInAws(this.#cell.store) ? await replicas.releases() : received;
    if (wanted > runs.length) await this.#timePasses(); // the daemon reports a run without a record later
    const deadline = performance.now() + PATIENCE_MS;
    while ((await replicas.releases('purged')) < wanted && performance.now() < deadline) {
      await this.#daemon.ensure();
      await sleep(50);
    }
    return received;
  }

  /** Launches the run, acts while its head is alive, and waits until the command ends. */
  async #launch(): Promise<void> {
    const { way, store } = this.#cell;
    const where = way.includes('job') ? 'jobs' : isInAws(store) ? 'batch' : 'local';
    const environment = where === 'local' ? [] : ['--compute-env', where];
    const workspace = isOfTeam(store) ? ['--workspace', 'lab/rna'] : [];
    const detach = way === 'pruned' ? ['--detach'] : [];
    const started = this.#daemon.start([
      'run',
      ...workspace,
      ...environment,
      ...detach,
      scriptOf(this.#cell),
    ]);
    const ended = started.ended.then(() => true);
    const launched = await this.#until(
      () => this.#launches() > 0,
      where === 'jobs' || detach.length > 0 ? undefined : ended,
    );
    if (launched) await this.#whileItRuns();
    else writeFileSync(join(this.#box.launch, 'go'), ''); // a head that starts late need not wait
    const over = await Promise.race([ended, sleep(PATIENCE_MS, false, { ref: false })]);
    if (!over) this.#wrong.push('hung: the command does not end');
  }

  async #whileItRuns(): Promise<void> {
    const { way } = this.#cell;
    await this.#batch?.register();
    if (way === 'with orphans') await this.#batch?.submit();
    // The fault's point may be reached only now, and the fault may kill the daemon.
    if (this.#cell.point !== undefined && way !== 'cancelled')
      await this.#wait(() => this.#has('spent'), 400);
    if (way === 'renewed')
      await this.#wait(() => this.#points().includes('after lease.record-renewed'), 4000);
    if (way === 'rekeyed') await this.#replicas?.rekey(this.#wrong);
    await this.#daemon.ensure();
    await this.#expectSecrets();
    if (way === 'put back')
      execFileSync('cp', ['-a', '--', join(this.#box.state, 'runs'), join(this.#box.directory, 'copy')]);
    if (way === 'cancelled' || way === 'as a cancelled job') {
      this.#cancel = 'asked';
      if (await this.#daemon.cancel()) this.#cancel = 'answered';
      await this.#untilHeadEnds();
    }
    writeFileSync(join(this.#box.launch, 'go'), '');
    if (way === 'with orphans') await this.#endJobs();
  }

  /** Asserts that the run reports the orphaned job and that cancelling the run ends it. */
  async #endJobs(): Promise<void> {
    const [run] = await this.#settle();
    const mayBeUnknown = this.#has('killed-head') || this.#has('killed-shim') || this.#cell.kind === 'reboot';
    if (run?.orphanedJobs.length !== 1 && !mayBeUnknown)
      this.#wrong.push('outcome: the orphaned job is not reported');
    const isAnswered = await this.#daemon.cancel();
    // Not awaited for longer: a fault can prevent it.
    await this.#wait(() => this.#points().includes('after orphans.record'), 4000);
    if (!isAnswered || run?.orphanedJobs.length !== 1) return;
    const lives = (): boolean =>
      this.#batch?.jobLives ??
      processesIn(this.#box.launch).some(({ command }) => / \S*task\.sh/.test(command));
    await this.#wait(() => !lives(), PATIENCE_MS);
    if (lives()) this.#wrong.push('left behind: a cancelled job');
  }

  async #untilHeadEnds(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (this.#cancel === 'answered' && this.#heads() > 0) {
      if (performance.now() > deadline) {
        this.#wrong.push('hung: the cancelled head is still alive');
        return;
      }
      await this.#daemon.ensure();
      await sleep(20);
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
    if (!existsSync(join(this.#box.directory, 'copy'))) return; // the run was never launched
    const directory = join(this.#box.state, 'runs');
    execFileSync('mv', ['--', this.#copy, directory]);
    for (let tries = 0; tries < 3; tries += 1) {
      await this.#daemon.end();
      await this.#daemon.ensure();
      await this.#wait(() => readdirSync(directory).length === 0, 1000);
    }
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
    await this.#daemon.end();
  }

  async #prune(): Promise<void> {
    for (let tries = 0; tries < 4; tries += 1) {
      await this.#daemon.ensure();
      await this.#daemon.start(['runs', 'prune', '--older-than', '0', '--yes']).ended;
      if ((await this.#daemon.runs())?.length === 0) return;
      await sleep(200);
    }
    this.#wrong.push('hung: the run is not pruned');
  }

  /** Waits until all runs are purged, and restarts the daemon when needed. */
  async #settle(): Promise<Run[]> {
    const deadline = performance.now() + PATIENCE_MS;
    const late = performance.now() + 3000;
    for (;;) {
      await this.#daemon.ensure();
      const runs = await this.#daemon.runs();
      if (runs?.every(({ state }) => state === 'purged') === true) return runs;
      // The scheduler may not know the job of a head. The daemon aborts such a run after some time.
      if (runs?.[0]?.state === 'materialized' && performance.now() > late) await this.#timePasses();
      if (performance.now() > deadline) {
        const [run] = runs ?? [];
        this.#wrong.push(`hung: state ${String(run?.state)}: ${run?.removalError ?? 'no removal error'}`);
        return runs ?? [];
      }
      await sleep(50);
    }
  }

  /** Asserts that all secrets exist while the head is alive. Checks the head last: then it was alive before as well. */
  async #expectSecrets(): Promise<void> {
    const missing = await this.#missing();
    if (missing.length > 0 && this.#heads() > 0)
      this.#wrong.push(`purged while alive: ${missing.join(', ')}`);
  }

  async #missing(): Promise<string[]> {
    if (this.#aws === undefined)
      return NAMES.filter((_, index) => this.#box.filesWith(this.#values[index] ?? '').length === 0);
    const [id = ''] = readdirSync(join(this.#box.state, 'runs'));
    const found = (await this.#aws.secrets()).filter((name) => name.includes(`/${id}`));
    if (this.#cell.store !== 'aws per-secret') return found.length === 1 ? [] : ['the AWS secret'];
    return NAMES.filter((name) => !found.some((one) => one.endsWith(`/${name}`)));
  }

  /**
   * Waits until `look` returns true. Returns false when the command ended first, or, without a command to wait for, after
   * eight seconds: then the fault may have prevented the launch.
   */
  async #until(look: () => boolean, over?: Promise<boolean>): Promise<boolean> {
    const ended = { yet: false };
    void over?.then(() => (ended.yet = true));
    const deadline = performance.now() + (over === undefined ? 8000 : PATIENCE_MS);
    while (performance.now() < deadline) {
      if (look()) return true;
      // The command may have been killed while its head was starting.
      if (ended.yet && !processesIn(this.#box.launch).some((one) => isShim(one) || isHead(one)))
        return look();
      if (over === undefined) await this.#daemon.ensure();
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

  /** Counts the live heads of this cell. */
  #heads(): number {
    return processesIn(this.#box.launch).filter(isHead).length;
  }

  /** The points that were reached, each as often as it was reached. */
  #reached(): FaultPoint[] {
    const path = join(this.#directory, 'points');
    return (existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : []) as FaultPoint[];
  }

  #points(): FaultPoint[] {
    return [...new Set(this.#reached())];
  }

  #has(name: string): boolean {
    return existsSync(join(this.#directory, name));
  }
}
