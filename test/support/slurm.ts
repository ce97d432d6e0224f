import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import { freePorts } from './free-ports.ts';
import { killAllIn, removeAbandoned, until } from './sandbox.ts';
import { skipUnlessRequired } from './skip-unless-required.ts';

const PROGRAMS = ['munged', 'slurmctld', 'slurmd'].map((name) => `/usr/sbin/${name}`);
const NODES = ['node1', 'node2'] as const;
type Node = (typeof NODES)[number];

/** A job as `scontrol show job` prints it. */
export type Job = Readonly<Record<string, string>>;

/**
 * A real Slurm with its own key, ports and directories. This machine is the login node. Each of its two compute nodes is a
 * slurmd in its own namespaces, so that host name, boot id and PIDs differ like on another machine. Files are shared.
 */
export class Slurm {
  readonly directory: string;
  /** The environment with which commands find it. */
  readonly env: { readonly SLURM_CONF: string };
  readonly nodes = NODES;
  readonly #running = new Map<string, ChildProcess>();

  constructor(directory: string) {
    this.directory = directory;
    this.env = { SLURM_CONF: join(directory, 'slurm.conf') };
  }

  async start(): Promise<void> {
    writeFileSync(join(this.directory, 'key'), randomBytes(128), { mode: 0o600 });
    for (const name of ['state', ...NODES]) mkdirSync(join(this.directory, name), { mode: 0o700 });
    for (const node of NODES) writeFileSync(join(this.directory, `${node}.boot`), `${randomUUID()}\n`);
    // All daemons listen only on the loopback, so the node names must resolve to it.
    writeFileSync(join(this.directory, 'hosts'), `127.0.0.1 localhost ${NODES.join(' ')}\n`);
    // Slurm starts a login shell for a job without its own environment. An empty home keeps the profile of this machine's
    // root out of the test, which may be slow or wait for a lock.
    mkdirSync(join(this.directory, 'home'), { mode: 0o700 });
    const others = readFileSync('/etc/passwd', 'utf8').replace(/^root:.*\n/m, '');
    const root = `root:x:0:0:root:${join(this.directory, 'home')}:/bin/sh\n`;
    writeFileSync(join(this.directory, 'passwd'), root + others, { mode: 0o644 });
    const ports = await freePorts(1 + NODES.length);
    writeFileSync(this.env.SLURM_CONF, configuration(this.directory, ports), { mode: 0o644 });
    const file = (name: string): string => join(this.directory, name);
    this.#spawn('munged', '/usr/sbin/munged', [
      ...['--foreground', '--force', `--key-file=${file('key')}`, `--socket=${file('munge')}`],
      ...[
        `--pid-file=${file('munge.pid')}`,
        `--log-file=${file('munge.log')}`,
        `--seed-file=${file('seed')}`,
      ],
    ]);
    await until('munged listens', () => existsSync(file('munge')));
    this.startController();
    for (const node of NODES) this.startNode(node);
    await this.ready();
  }

  /** Waits until the controller answers and this number of nodes accepts jobs. */
  async ready(nodes: number = NODES.length): Promise<void> {
    await until('the nodes are ready', async () => {
      const states = await this.run('sinfo', ['--noheader', '--Node', '--format=%t']).catch(() => '');
      return states.match(/^(idle|mix|alloc)$/gm)?.length === nodes;
    });
  }

  startController(): void {
    this.#spawn('slurmctld', '/usr/sbin/slurmctld', ['-D', '-i', '-f', this.env.SLURM_CONF]);
  }

  async stopController(): Promise<void> {
    await this.#end('slurmctld', 'SIGTERM');
  }

  startNode(node: Node): void {
    const boot = join(this.directory, `${node}.boot`);
    const script = `hostname "$1" && mount --bind "$2" /proc/sys/kernel/random/boot_id &&
      mount --bind "$3" /etc/hosts && mount --bind "$4" /etc/passwd && exec slurmd -D -N "$1" -f "$5"`;
    this.#spawn(node, 'unshare', [
      ...['--uts', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c', script, 'sh'],
      ...[node, boot, join(this.directory, 'hosts'), join(this.directory, 'passwd'), this.env.SLURM_CONF],
    ]);
  }

  /** Imitates a power loss: kills everything on the node at once. Slurm notices later. */
  async crashNode(node: Node): Promise<void> {
    await this.#end(node, 'SIGKILL');
  }

  /** Runs one of Slurm's commands as root on the login node and returns its output. */
  async run(command: string, args: readonly string[]): Promise<string> {
    const env = { PATH: process.env['PATH'], ...this.env };
    return (await promisify(execFile)(command, [...args], { env, cwd: this.directory })).stdout;
  }

  /** Submits a script and returns the job's id. */
  async submit(script: string, options: readonly string[] = []): Promise<string> {
    const path = join(this.directory, `script-${randomBytes(4).toString('hex')}`);
    writeFileSync(path, `#!/bin/bash\n${script}\n`);
    return (await this.run('sbatch', ['--parsable', ...options, path])).trim();
  }

  /** Returns a job; undefined when Slurm no longer knows it. */
  async job(id: string): Promise<Job | undefined> {
    const text = await this.run('scontrol', ['--oneliner', 'show', 'job', id]).catch(() => undefined);
    if (text === undefined) return undefined;
    return Object.fromEntries(
      [...text.matchAll(/(\S+?)=(\S*)/g)].map(([, key = '', value = '']) => [key, value]),
    );
  }

  /** Waits until a job is in one of these states. */
  async jobIs(id: string, ...states: string[]): Promise<Job> {
    return until(`job ${id} is ${states.join(' or ')}`, async () => {
      const job = await this.job(id);
      return job !== undefined && states.includes(job['JobState'] ?? '') ? job : undefined;
    });
  }

  async stop(): Promise<void> {
    for (const name of [...NODES, 'slurmctld', 'munged']) await this.#end(name, 'SIGKILL');
    killAllIn(this.directory);
    rmSync(this.directory, { recursive: true, force: true });
  }

  #spawn(name: string, program: string, args: readonly string[]): void {
    const env = { PATH: process.env['PATH'], ...this.env };
    this.#running.set(name, spawn(program, args, { cwd: this.directory, env, stdio: 'ignore' }));
  }

  async #end(name: string, signal: NodeJS.Signals): Promise<void> {
    const child = this.#running.get(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }
}

/** Starts a Slurm for one test. If none can be started, skips the test (fails it in CI) and returns undefined. */
export async function realSlurm(t: Test): Promise<Slurm | undefined> {
  if (!PROGRAMS.every((path) => existsSync(path)) || process.geteuid?.() !== 0) {
    skipUnlessRequired(t, 'Slurm is not installed, or the user is not root');
    return undefined;
  }
  const slurm = makeSlurm();
  t.teardown(() => slurm.stop());
  await slurm.start();
  return slurm;
}

/**
 * Creates a Slurm in its own directory without starting it.
 *
 * @public scripts/ import it from dist/
 */
export function makeSlurm(): Slurm {
  removeAbandoned();
  const directory = mkdtempSync('/tmp/nfe-');
  writeFileSync(join(directory, 'owner'), String(process.pid));
  chmodSync(directory, 0o755); // every user must reach the socket of munge
  return new Slurm(directory);
}

/**
 * Returns a slurm.conf with which jobs start without delay and requeued jobs wait seconds instead of minutes: they wait
 * for cred_expire. https://slurm.schedmd.com/slurm.conf.html
 */
function configuration(directory: string, [controller = 0, ...nodes]: readonly number[]): string {
  return `ClusterName=nf-escrow-test
SlurmctldHost=localhost(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=${directory}/munge,cred_expire=5
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmctldPort=${String(controller)}
StateSaveLocation=${directory}/state
SlurmdSpoolDir=${directory}/%n
SlurmctldPidFile=${directory}/slurmctld.pid
SlurmdPidFile=${directory}/%n/slurmd.pid
SlurmctldLogFile=${directory}/slurmctld.log
SlurmdLogFile=${directory}/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0,bf_interval=1
SlurmdParameters=config_overrides
ReturnToService=2
SlurmdTimeout=10
MessageTimeout=5
MinJobAge=60
KillWait=3
${NODES.map((node, index) => `NodeName=${node} NodeHostname=localhost NodeAddr=127.0.0.1 Port=${String(nodes[index])} CPUs=64 RealMemory=4000 State=UNKNOWN`).join('\n')}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`;
}
