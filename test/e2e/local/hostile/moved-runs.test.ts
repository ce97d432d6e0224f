// Another user moves the runs directory aside while a run is alive, in a directory that became writable to their group: what is
// removed, and what the run and its receipt say at the end.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { asUser } from '../../../support/accounts.ts';
import { root, startProgram, untapped, until } from '../../../support/sandbox.ts';
import { asAccount, must, sharedGroup, type SharedGroup } from '../../../support/shared-group.ts';

/** NF_ESCROW_TEST_SLOW=1 repeats each attack for the figure in docs/reliability.md. */
const SLOW = process.env['NF_ESCROW_TEST_SLOW'] === '1';
const ROUNDS = SLOW ? 34 : 1;

t.setTimeout(SLOW ? 3_600_000 : 240_000);

const TASK = 'touch here; while [ ! -e go ]; do sleep 0.05; done';

/** What the other user does in the shared directory. */
const ATTACKS: Readonly<Record<string, string>> = {
  'a link to a directory of theirs': 'mv runs aside && mkdir -m 777 loot && ln -s loot runs',
  'a directory of theirs': 'mv runs aside && mkdir -m 777 runs',
  'an exchange with a directory of theirs':
    "mkdir -m 777 aside && python3 -c \"import ctypes; exit(ctypes.CDLL(None).renameat2(-100, b'runs', -100, b'aside', 2))\"",
};

/** Returns each attack, as often as it is repeated. */
function attacks(): [name: string, command: string][] {
  return Array.from({ length: ROUNDS }, () => Object.entries(ATTACKS)).flat();
}

class Victim {
  readonly value = `canary-${randomBytes(16).toString('hex')}`;
  readonly scratch: string;
  readonly launch: string;
  readonly #group: SharedGroup;

  constructor(t: Test, group: SharedGroup) {
    this.#group = group;
    const { home } = group.victim;
    this.scratch = join(home, `scratch-${randomBytes(3).toString('hex')}`);
    this.launch = join(this.scratch, 'launch');
    for (const path of [this.scratch, this.launch]) this.#makeDirectory(path);
    t.teardown(() => {
      this.escrow(['daemon', 'stop']);
      rmSync(this.scratch, { recursive: true, force: true });
    });
  }

  escrow(args: readonly string[], input = ''): { status: number | null; stdout: string; stderr: string } {
    return asAccount(this.#group.victim, [process.execPath, startProgram, ...args], {
      input,
      env: this.#env,
    });
  }

  /** Starts a run, and waits until its task runs. `end`: lets it end, and gives what it said. */
  async start(): Promise<{
    readonly id: string;
    readonly end: () => Promise<{ status: number; said: string }>;
  }> {
    this.escrow(['secrets', 'set', 'FOO_KEY'], this.value);
    const child = spawn(
      ...untapped(...asUser(this.#group.victim, [process.execPath, startProgram, 'run', TASK])),
      {
        cwd: this.launch,
        env: { PATH: process.env['PATH'], LANG: 'C.UTF-8', ...this.#env },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    const ended = new Promise<number>((resolve) => child.on('exit', (status) => resolve(status ?? -1)));
    await until('the task runs', () => existsSync(join(this.launch, 'here')));
    const [id = ''] = readdirSync(join(this.scratch, 'runs'));
    // The daemon has seen that it runs.
    await until('it is running', () => this.escrow(['runs', 'show', id]).stdout.includes('running'));
    const end = async (): Promise<{ status: number; said: string }> => {
      writeFileSync(join(this.launch, 'go'), '');
      return { status: await ended, said };
    };
    return { id, end };
  }

  attack(command: string): void {
    must('chmod', ['0777', this.scratch]);
    const { attacker } = this.#group;
    const { status, stderr } = asAccount(attacker, ['sh', '-ec', `cd '${this.scratch}' && ${command}`]);
    if (status !== 0) throw new Error(stderr);
  }

  filesWithValue(): string {
    const { victim, attacker } = this.#group;
    return asRoot(['grep', '-rlF', this.value, victim.home, attacker.home]);
  }

  get #env(): Record<string, string> {
    return {
      NF_ESCROW_RUNS_DIR: join(this.scratch, 'runs'),
      NF_ESCROW_NEXTFLOW: join(root, 'test/support/bin/nextflow'),
      NXF_PLUGINS_DEFAULT: 'false',
      NXF_OFFLINE: 'true',
    };
  }

  #makeDirectory(path: string): void {
    mkdirSync(path);
    const { uid, gid } = this.#group.victim;
    must('chown', [`${String(uid)}:${String(gid)}`, path]);
    must('chmod', ['0755', path]);
  }
}

function asRoot(command: readonly string[]): string {
  return must('sh', ['-c', '"$@" || true', 'sh', ...command]).trim();
}

void t.test('with the daemon alive', async (t) => {
  const group = sharedGroup(t);
  if (group === undefined) return;
  for (const [name, command] of attacks()) {
    const victim = new Victim(t, group);
    const { id, end } = await victim.start();
    victim.attack(command);
    const { status, said } = await end();
    t.equal(status, 0, `${name}: Nextflow's status`);
    const moved = join(victim.scratch, 'aside', id);
    t.notOk(existsSync(moved), `${name}: the run directory is removed where it is`);
    t.equal(victim.filesWithValue(), '', `${name}: the value is in no file`);
    t.match(said, `The run directory was moved to ${moved}`, `${name}: run says so at its end`);
    const { stdout } = victim.escrow(['runs', 'receipt', id]);
    t.match(stdout, /^checked +.* is deleted: the open directory no longer has a path/m, name);
    t.match(stdout, `note         The run directory was moved to ${moved}`);
    victim.escrow(['daemon', 'stop']); // the next one has another runs directory
  }
});

void t.test('with another daemon, which holds nothing', async (t) => {
  const group = sharedGroup(t);
  if (group === undefined) return;
  for (const [name, command] of attacks()) {
    const victim = new Victim(t, group);
    const { id, end } = await victim.start();
    t.equal(victim.escrow(['daemon', 'stop']).status, 0);
    victim.attack(command);
    const { said } = await end();
    t.match(said, /may still exist|are not removed yet/, `${name}: run says so at its end`);
    const moved = join(victim.scratch, 'aside', id);
    t.ok(existsSync(moved), `${name}: what cannot be verified is not touched`);
    const receipt = victim.escrow(['runs', 'receipt', id]).stdout;
    t.match(receipt, /^Not everything is removed yet/m, `${name}: ${receipt}`);
    t.notMatch(receipt, /Nothing is left/, name);
    rmSync(join(victim.scratch, 'runs'), { recursive: true });
    renameSync(join(victim.scratch, 'aside'), join(victim.scratch, 'runs'));
    must('chmod', ['0755', victim.scratch]);
    await until(`${name}: it is removed once it is back`, () => {
      victim.escrow(['runs', 'purge', id]);
      return statSync(join(victim.scratch, 'runs', id), { throwIfNoEntry: false }) === undefined;
    });
    t.equal(victim.filesWithValue(), '', `${name}: the value is in no file`);
    victim.escrow(['daemon', 'stop']);
  }
});
