import { randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { Receipt } from '../../daemon/contract/types.ts';
import { SecretValue } from '../../daemon/vault/secret-value.ts';
import { userScope } from '../../daemon/access/scopes.ts';
import { assemble, placesIn, type DaemonModules } from './daemon-modules.ts';
import { overHead } from './placed-run.ts';
import { temporaryDirectory } from './temporary.ts';

/** A run with two secrets, in one file each and in Nextflow's store, by modules that can be started anew. */
export class DeliveredRun {
  readonly base: string;
  readonly value = `canary-${randomBytes(16).toString('hex')}`;
  /** The directory of run directories. */
  readonly runs: string;
  id = '';
  #modules: DaemonModules | undefined;

  /** `runs`: below the base, whose parent is the base or a directory that was made in it. */
  private constructor(base: string, runs: string) {
    this.base = base;
    this.runs = join(base, runs);
  }

  static async place(
    t: Test,
    {
      runs = 'shared/runs',
      base = temporaryDirectory(t),
      launcher = overHead, // so that its end need not be told by files that are moved away
    } = {},
  ): Promise<DeliveredRun> {
    const run = new DeliveredRun(base, runs);
    t.teardown(() => run.#modules?.close());
    mkdirSync(join(base, 'launch'));
    const modules = await run.open();
    const { vault, ledger, deps } = modules;
    const scope = await userScope(ledger.db, deps.user);
    for (const name of ['FOO_KEY', 'BAR_KEY'])
      await vault.set(deps.user, scope, name, new SecretValue(Buffer.from(run.value)));
    const placed = await modules.runs.create({
      selection: {},
      launchDirectory: join(base, 'launch'),
      nextflow: '/bin/true',
      arguments: ['run', 'x'],
      localStore: null,
      launcher,
      secretDelivery: { plugin: '/plugins', reason: null, configPhase: true, environment: {}, restore: {} },
    });
    run.id = placed.run?.id ?? '';
    return run;
  }

  get directory(): string {
    return join(this.runs, this.id);
  }

  get modules(): DaemonModules {
    if (this.#modules === undefined) throw new Error('the modules are closed');
    return this.#modules;
  }

  /** Starts the modules; those of before are closed, as a daemon's that ends: then nothing is held. */
  async open(): Promise<DaemonModules> {
    await this.close();
    this.#modules = await assemble({ ...placesIn(this.base), runs: this.runs });
    if (this.id !== '') await this.#modules.runs.adopt();
    return this.#modules;
  }

  async close(): Promise<void> {
    await this.#modules?.close();
    this.#modules?.deps.runDirectories.close();
    this.#modules = undefined;
  }

  /** Ends the run, and gives its receipt after its purge was tried. */
  async purge(): Promise<Receipt> {
    const { runs } = this.modules;
    await runs.purge(this.id, { force: true, asked: true });
    return runs.receipt(this.id);
  }

  /** Files of the base that hold the value, but for the ledger's, which are sealed. */
  filesWithValue(within = this.base): string[] {
    return readdirSync(within, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => readFileSync(path).includes(this.value));
  }
}

/** Exchanges two directories in one step, as renameat2(2) does it. */
export function exchange(one: string, other: string): void {
  const program =
    'import ctypes, sys; a, b = sys.argv[1:]; libc = ctypes.CDLL(None, use_errno=True); sys.exit(libc.renameat2(-100, a.encode(), -100, b.encode(), 2) != 0)';
  execFileSync('python3', ['-c', program, one, other]);
}

/** Moves a directory aside; gives where it is then. */
export function moveAside(path: string): string {
  renameSync(path, `${path}.aside`);
  return `${path}.aside`;
}
