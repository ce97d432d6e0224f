import { execFile, spawn, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import { freePorts } from './free-ports.ts';
import { killAllIn, removeAbandoned, until } from './sandbox.ts';

const LIBRARY = '/usr/lib/gridengine';
const SHARE = '/usr/share/gridengine';
const PROGRAMS = ['/usr/sbin/sge_qmaster', '/usr/sbin/sge_execd', `${LIBRARY}/spoolinit`];

/** A real Grid Engine (Debian's) with its own cell, ports and spool. This machine is its login and compute node. */
export class GridEngineCell {
  readonly directory: string;
  readonly env: Record<string, string> = {};
  readonly #running = new Map<string, ChildProcess>();

  constructor(directory: string) {
    this.directory = directory;
  }

  async start(): Promise<void> {
    const file = (...names: string[]): string => join(this.directory, ...names);
    const common = file('root/default/common');
    for (const path of [common, file('qmaster/job_scripts'), file('spooldb'), file('execd')])
      mkdirSync(path, { recursive: true });
    for (const name of ['bin', 'lib', 'util', 'utilbin'])
      symlinkSync(join('/var/lib/gridengine', name), file('root', name));
    const [master = 0, node = 0] = await freePorts(2);
    Object.assign(this.env, {
      SGE_ROOT: file('root'),
      SGE_CELL: 'default',
      SGE_QMASTER_PORT: String(master),
      SGE_EXECD_PORT: String(node),
    });
    writeFileSync(join(common, 'bootstrap'), bootstrap(this.directory));
    writeFileSync(join(common, 'act_qmaster'), `${hostname()}\n`);
    writeFileSync(join(common, 'host_aliases'), `${hostname()} localhost\n`);
    await this.#run(`${LIBRARY}/spoolinit`, ['berkeleydb', 'libspoolb', file('spooldb'), 'init']);
    const configuration = change(readFileSync(join(SHARE, 'default-configuration'), 'utf8'), {
      execd_spool_dir: file('execd'),
      min_uid: '0',
      min_gid: '0',
      login_shells: 'none', // jobs must not read the profile of this machine's root
    });
    writeFileSync(file('configuration'), configuration);
    for (const [kind, path] of [
      ['configuration', file('configuration')],
      ['complexes', join(SHARE, 'util/resources/centry')],
      ['usersets', join(SHARE, 'util/resources/usersets')],
      ['managers', 'root'],
    ] as const)
      await this.#run(`${LIBRARY}/spooldefaults`, [kind, path]);
    await this.startMaster();
    await this.#configure('-as', hostname());
    await this.#configure('-Ae', this.#write('host', HOST.replace('HOST', hostname())));
    this.#spawn('execd', '/usr/sbin/sge_execd');
    const queue = {
      qname: 'all.q',
      hostlist: hostname(),
      slots: '64',
      pe_list: 'NONE',
      load_thresholds: 'NONE',
    };
    await this.#configure('-Aq', this.#write('queue', change(await this.#configure('-sq'), queue)));
    const clock = { schedule_interval: '0:0:1', flush_submit_sec: '1', flush_finish_sec: '1' };
    await this.#configure(
      '-Msconf',
      this.#write('scheduler', change(await this.#configure('-ssconf'), clock)),
    );
  }

  async startMaster(): Promise<void> {
    this.#spawn('qmaster', '/usr/sbin/sge_qmaster');
    await until('the qmaster answers', () =>
      this.#configure('-sh').then(
        () => true,
        () => undefined,
      ),
    );
  }

  async stopMaster(): Promise<void> {
    await this.#end('qmaster', 'SIGTERM');
  }

  async stop(): Promise<void> {
    await this.#run('qdel', ['-u', 'root']).catch(() => undefined);
    for (const name of ['execd', 'qmaster']) await this.#end(name, 'SIGKILL');
    killAllIn(this.directory);
    rmSync(this.directory, { recursive: true, force: true });
  }

  #write(name: string, text: string): string {
    const path = join(this.directory, name);
    writeFileSync(path, text);
    return path;
  }

  #configure(...args: string[]): Promise<string> {
    return this.#run('qconf', args);
  }

  async #run(command: string, args: readonly string[]): Promise<string> {
    const env = { PATH: process.env['PATH'], ...this.env };
    return (await promisify(execFile)(command, [...args], { env, cwd: this.directory })).stdout;
  }

  /** SGE_ND keeps the programs in the foreground. */
  #spawn(name: string, program: string): void {
    const env = { PATH: process.env['PATH'], SGE_ND: '1', ...this.env };
    this.#running.set(name, spawn(program, [], { cwd: this.directory, env, stdio: 'ignore' }));
  }

  async #end(name: string, signal: NodeJS.Signals): Promise<void> {
    const child = this.#running.get(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }
}

/** Starts a Grid Engine for one test. If none can be started, skips the test and returns undefined. */
export async function realGridEngine(t: Test): Promise<GridEngineCell | undefined> {
  if (!PROGRAMS.every((path) => existsSync(path)) || process.geteuid?.() !== 0) {
    t.pass('skipped', { skip: 'needs root and an installed Grid Engine' });
    return undefined;
  }
  removeAbandoned();
  const directory = mkdtempSync('/tmp/nfe-');
  writeFileSync(join(directory, 'owner'), String(process.pid));
  const cell = new GridEngineCell(directory);
  t.teardown(() => cell.stop());
  await cell.start();
  return cell;
}

/** Returns a bootstrap(5) file. */
function bootstrap(directory: string): string {
  return `admin_user none
default_domain none
ignore_fqdn false
spooling_method berkeleydb
spooling_lib libspoolb
spooling_params ${directory}/spooldb
binary_path /usr/sbin
qmaster_spool_dir ${directory}/qmaster
security_mode none
listener_threads 2
worker_threads 2
scheduler_threads 1
`;
}

const HOST = `hostname HOST
load_scaling NONE
complex_values NONE
user_lists NONE
xuser_lists NONE
projects NONE
xprojects NONE
usage_scaling NONE
report_variables NONE
`;

/** Replaces values in lines of a key and a value. */
function change(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/^(\w+) +.*$/gm, (line, key: string) =>
    values[key] === undefined ? line : `${key} ${values[key]}`,
  );
}
