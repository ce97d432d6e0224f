// A user of the team, with a daemon whose runs get secrets of the server.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { writeStoredServers, type StoredServer } from '../../../daemon/api-client/https/stored-servers.ts';
import type { Problem, RunList, RunRequest, RunStart } from '../../../daemon/contract/types.ts';
import { identify } from '../../../daemon/system/processes/process-identity.ts';
import { Sandbox, untapped, until } from '../../support/sandbox.ts';
import type { Random } from '../fuzz/random.ts';
import { LoggedProcess } from '../../support/server/logged-process.ts';

/** Writes the SHA-256 of each delivered value to a file of the launch directory. Marks that the run was started. */
const SCRIPT = `echo x >>launches
grep -o 'canary-[0-9a-f-]*' "$NXF_SECRETS_FILE" | while read -r v; do printf %s "$v" | sha256sum; done >delivered`;
const PAUSE_MS = 100;
const PAUSE_MAX_MS = 3000;

/** A run whose secrets were delivered. */
export interface DeliveredRun {
  readonly id: string;
  /** Launch directory of a run that was started. Undefined: it was cancelled before its start. */
  readonly directory: string | undefined;
}

/** The response to a request that is no `explain`. */
type StartedRun = RunStart & Required<Pick<RunStart, 'run'>>;

/** What a member is given. */
export interface MemberOptions {
  readonly name: string;
  /** ORGANIZATION/NAME, on the server. */
  readonly workspace: string;
  readonly server: StoredServer;
  readonly random: Random;
  /** Of 100 runs, this number is started. The others are cancelled before their start. */
  readonly startPercent: number;
}

export class Member {
  readonly name: string;
  readonly workspace: string;
  readonly box: Sandbox;
  readonly daemon: LoggedProcess;
  readonly delivered: DeliveredRun[] = [];
  /** Numbers of refused requests for a run, by error code. `no response`: the daemon was killed or paused. */
  readonly refused: Record<string, number> = {};
  readonly #random: Random;
  readonly #startPercent: number;
  #launcher: ChildProcess | undefined;

  constructor(t: Test, { name, workspace, server, random, startPercent }: MemberOptions) {
    this.name = name;
    this.workspace = workspace;
    this.#random = random;
    this.#startPercent = startPercent;
    this.box = new Sandbox(t);
    mkdirSync(this.box.state, { mode: 0o700 });
    writeStoredServers(join(this.box.state, 'servers.json'), [server]);
    this.daemon = new LoggedProcess(
      this.box,
      ['daemon', 'run', '--stay'],
      join(this.box.directory, 'daemon.log'),
    );
    t.teardown(async () => {
      this.#launcher?.kill('SIGKILL');
      await this.daemon.close();
    });
  }

  /** Waits until the daemon answers. Starts it if it was killed. */
  async ensureDaemon(): Promise<void> {
    await until(`the daemon of ${this.name}`, async () => {
      this.daemon.start();
      return (await this.#get('/v1/health')) !== undefined;
    });
  }

  /** Requests runs until the secrets of this number of runs were delivered. */
  async work(runs: number, onDelivered: () => void): Promise<void> {
    for (let pause = PAUSE_MS; this.delivered.length < runs;) {
      const directory = join(this.box.launch, String(this.delivered.length));
      if (await this.#deliver(directory)) {
        pause = PAUSE_MS;
        onDelivered();
      } else {
        await sleep(pause);
        pause = Math.min(pause * 2, PAUSE_MAX_MS);
        await this.ensureDaemon();
      }
    }
  }

  /** Whether all runs are purged, and the server has accepted all reports. */
  async isSettled(): Promise<boolean> {
    this.daemon.start();
    const open = await this.#get('/v1/runs?state=open&limit=100');
    return open !== undefined && (JSON.parse(open) as RunList).runs.length === 0;
  }

  async #deliver(directory: string): Promise<boolean> {
    mkdirSync(directory, { recursive: true });
    const started = await this.#requestRun(directory);
    if (started === undefined) return false;
    const { run, start } = started;
    const isStarted = start !== undefined && this.#random(100) < this.#startPercent;
    this.delivered.push({ id: run.id, directory: isStarted ? directory : undefined });
    if (isStarted) {
      const child = spawn(...untapped(start.command, start.arguments), {
        cwd: directory,
        env: { ...this.box.env, ...start.environment },
        stdio: 'ignore',
        detached: true,
      });
      await new Promise((resolve) => child.on('exit', resolve).on('error', resolve));
    } else await this.#cancel(run.id);
    return true;
  }

  async #requestRun(launchDirectory: string): Promise<StartedRun | undefined> {
    const launcher = (this.#launcher ??= spawn('sleep', ['infinity'], { stdio: 'ignore' }));
    const identity = launcher.pid === undefined ? undefined : identify(launcher.pid);
    if (identity === undefined) throw new Error('sleep did not start');
    const request: RunRequest = {
      ...{ workspace: this.workspace, selection: {}, launchDirectory, localStore: null, launcher: identity },
      ...{ nextflow: this.box.env['NF_ESCROW_NEXTFLOW'] ?? '', arguments: ['run', SCRIPT] },
    };
    const answer = await this.box.http('POST', '/v1/runs', request).catch(() => undefined);
    if (answer?.status === 201) return JSON.parse(answer.text) as StartedRun;
    const reason = answer === undefined ? 'no response' : (JSON.parse(answer.text) as Problem).code;
    this.refused[reason] = (this.refused[reason] ?? 0) + 1;
    if (answer === undefined) {
      // The run may exist. The daemon aborts it, because its launcher has ended.
      launcher.kill('SIGKILL');
      this.#launcher = undefined;
    }
    return undefined;
  }

  /** Cancels a run also if the daemon is killed meanwhile: a request that is repeated cancels it again. */
  async #cancel(id: string): Promise<void> {
    await until(`the cancellation of ${id}`, async () => {
      const answer = await this.box.http('POST', `/v1/runs/${id}/cancel`).catch(() => undefined);
      if (answer !== undefined && answer.status < 500) return true;
      await this.ensureDaemon();
      return false;
    });
  }

  /** Hashes of the values that a run could read. */
  static deliveredTo(directory: string): string[] {
    const file = join(directory, 'delivered');
    if (!existsSync(file)) return [];
    return readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line) => /^[0-9a-f]{64}/.exec(line) ?? [])
      .sort();
  }

  /** Number of times that a run was started. */
  static launchesIn(directory: string): number {
    const file = join(directory, 'launches');
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;
  }

  /** Run directories that still exist. */
  get runDirectories(): string[] {
    const runs = join(this.box.state, 'runs');
    return existsSync(runs) ? readdirSync(runs).map((name) => join(runs, name)) : [];
  }

  async #get(path: string): Promise<string | undefined> {
    const answer = await this.box.http('GET', path).catch(() => undefined);
    return answer?.status === 200 ? answer.text : undefined;
  }
}
