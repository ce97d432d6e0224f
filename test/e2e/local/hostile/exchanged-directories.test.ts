import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import { asUser } from '../../../support/accounts.ts';
import { root, startProgram, untapped } from '../../../support/sandbox.ts';
import { asAccount, must, sharedGroup, type SharedGroup } from '../../../support/shared-group.ts';

/** Exchanges per second. NF_ESCROW_TEST_SLOW=1 repeats each rate for the figure in the documentation. */
const RATES = [20, 300, 3000];
const SLOW = process.env['NF_ESCROW_TEST_SLOW'] === '1';
/** Pairs of attempts per rate: to receive a value, and to forge a run. */
const PAIRS = SLOW ? 34 : 1;
/** Where the attack is possible, attempts at each rate go on until it took place this many times. */
const EXCHANGES = 10;
/** Pairs of attempts after which an attack that does not take place fails the test. */
const MAX_PAIRS = 60;

if (SLOW) t.setTimeout(1_200_000);

const script = join(root, 'test/support/bin/exchange-directories.py');

interface Tally {
  attempts: number;
  successes: number;
}

/** An attack on a user with umask 002 by another member of their primary group, as is common on clusters. */
class Attack {
  readonly tally: Tally = { attempts: 0, successes: 0 };
  readonly #group: SharedGroup;
  readonly #loot: string;

  constructor(group: SharedGroup) {
    this.#group = group;
    this.#loot = join(group.attacker.home, 'loot');
    mkdirSync(this.#loot, { recursive: true });
    must('chmod', ['0777', this.#loot]);
    // The program that a forged response makes the victim run.
    writeFileSync(join(this.#loot, 'forged'), `#!/bin/sh\nid -un >"${this.#loot}/ran.$$"\n`, { mode: 0o755 });
    must('chown', ['-R', String(group.attacker.uid), this.#loot]);
  }

  /** How often directories were exchanged until now. */
  get exchanges(): number {
    return statSync(join(this.#loot, 'exchanges'), { throwIfNoEntry: false })?.size ?? 0;
  }

  get summary(): string {
    const { attempts, successes } = this.tally;
    return `${String(attempts)} attempts during ${String(this.exchanges)} exchanges: ${String(successes)} successes`;
  }

  /** Makes the attacker exchange directories while `work` runs. */
  async during(parent: string, rate: number, work: () => void): Promise<void> {
    const { attacker } = this.#group;
    const command = ['python3', script, parent, 'nf-escrow', hostname(), String(rate), this.#loot];
    const child = spawn(...untapped(...asUser(attacker, command)), { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    await lines.next();
    try {
      work();
    } finally {
      child.stdin.end();
      await once(child, 'exit');
    }
  }

  /** Makes the victim set a value and start a run, counts successes of the attack, and returns the ended commands. */
  attempt(): { readonly status: number | null; readonly stderr: string }[] {
    const value = randomBytes(16).toString('hex');
    const ended = [this.escrow(['secrets', 'set', 'FOO_KEY'], value), this.escrow(['run', 'exit 0'])];
    this.tally.attempts += 2;
    const received = existsSync(join(this.#loot, 'requests'))
      ? readFileSync(join(this.#loot, 'requests'), 'latin1')
      : '';
    if ([value, Buffer.from(value).toString('base64')].some((text) => received.includes(text)))
      this.tally.successes++;
    for (const name of readdirSync(this.#loot).filter((entry) => entry.startsWith('ran.'))) {
      rmSync(join(this.#loot, name));
      this.tally.successes++;
    }
    return ended;
  }

  escrow(args: readonly string[], input = ''): { readonly status: number | null; readonly stderr: string } {
    const command = ['sh', '-c', 'umask 002; exec "$@"', 'sh', process.execPath, startProgram, ...args];
    const env = {
      NF_ESCROW_NEXTFLOW: join(root, 'test/support/bin/nextflow'),
      NXF_PLUGINS_DEFAULT: 'false',
    };
    return asAccount(this.#group.victim, command, { input, env });
  }
}

function attackOn(t: Test): { readonly attack: Attack; readonly group: SharedGroup } | undefined {
  const group = sharedGroup(t);
  if (group === undefined) return undefined;
  if (asAccount(group.attacker, ['python3', '--version']).status !== 0) {
    t.pass('skipped', { skip: 'Python is not installed' });
    return undefined;
  }
  return { attack: new Attack(group), group };
}

void t.test('refuses a directory that another group member can exchange', async (t) => {
  const { attack, group } = attackOn(t) ?? {};
  if (attack === undefined || group === undefined) return;
  const parent = join(group.victim.home, '.local/state');
  // Like a directory of another program, with umask 002.
  t.equal(
    asAccount(group.victim, ['sh', '-c', `umask 002; mkdir -p ${parent}; mkdir -m 700 ${parent}/nf-escrow`])
      .status,
    0,
  );
  for (const rate of RATES) {
    const before = attack.exchanges;
    const tookPlace = (): boolean => attack.exchanges - before >= EXCHANGES;
    await attack.during(parent, rate, () => {
      for (let pair = 0; pair < PAIRS || (pair < MAX_PAIRS && !tookPlace()); pair++)
        for (const { status, stderr } of attack.attempt()) {
          t.equal(status, 77, stderr);
          t.match(
            stderr,
            /"[^"]*\/\.local" can be changed by others: members of group \d+ \(nfeg\d+\) can write to it/,
          );
          t.match(stderr, /chmod go-w \S*\/\.local\b/);
        }
    });
    t.ok(tookPlace(), `the attack took place at ${String(rate)} exchanges a second`);
  }
  t.comment(attack.summary);
  t.equal(attack.tally.successes, 0);
});

void t.test('creates directories that other group members cannot exchange', async (t) => {
  const { attack, group } = attackOn(t) ?? {};
  if (attack === undefined || group === undefined) return;
  t.teardown(() => attack.escrow(['daemon', 'stop']));
  const parent = join(group.victim.home, '.local/state');
  for (const rate of RATES)
    await attack.during(parent, rate, () => {
      for (let pair = 0; pair < PAIRS; pair++)
        for (const { status, stderr } of attack.attempt()) t.equal(status, 0, stderr);
    });
  for (const path of ['.local', '.local/state', '.config', '.config/nf-escrow'])
    t.equal(statSync(join(group.victim.home, path)).mode & 0o7777, 0o700, path);
  t.comment(attack.summary);
  t.equal(attack.exchanges, 0);
  t.equal(attack.tally.successes, 0);
});
