import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { DoctorReport, Receipt, RunList } from '../../../daemon/contract/types.ts';
import { asUser, type Account } from '../../support/accounts.ts';
import { realNextflow, startProgram, untapped } from '../../support/sandbox.ts';
import { asAccount, must, sharedGroup } from '../../support/shared-group.ts';

const LIMIT_MS = 150_000;
const REFUSE = { NF_ESCROW_WRITABLE_BY_OTHERS: 'refuse' };
const SCRIPT = `process QUERY {
  secret 'FOO_KEY'
  script:
  'true'
}
workflow { QUERY() }
`;

/** A scheduler whose only job waits in the queue until a file is there. */
function queueIn(directory: string, lab: string): void {
  const programs = {
    sbatch: `touch '${lab}/queued'
(until [ -e '${lab}/go' ]; do sleep 0.1; done; bash .command.run >.command.log 2>&1; touch '${lab}/over') >/dev/null 2>&1 </dev/null &
echo 'Submitted batch job 7'`,
    squeue: `[ -e '${lab}/over' ] || echo '7 PD'`,
    scancel: 'true',
  };
  for (const [name, text] of Object.entries(programs))
    writeFileSync(join(directory, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
}

/** Waits until the task is queued: a JVM starts before, which takes long on a busy machine. */
async function isQueued(lab: string, ended: Promise<unknown>, output: () => string): Promise<void> {
  const over = ended.then(() => true);
  for (const deadline = Date.now() + LIMIT_MS; !existsSync(join(lab, 'queued'));) {
    const isOver = await Promise.race([over, sleep(50, false)]);
    if (isOver || Date.now() > deadline) throw new Error(`the task is not queued: ${output()}`);
  }
}

/** A copy of the Nextflow of the tests that other users can start. */
function publicNextflow(t: Test, nextflow: string): string {
  const copy = `/tmp/nfe-nextflow-${String(process.pid)}`;
  t.teardown(() => rmSync(copy, { recursive: true, force: true }));
  must('cp', ['-rL', dirname(nextflow), copy]);
  must('chmod', ['-R', 'a+rX', copy]);
  return join(copy, 'nextflow');
}

/** A user with umask 002 who works in a directory of the group. */
class Member {
  readonly #account: Account;
  readonly #env: Record<string, string>;
  readonly #lab: string;

  constructor(account: Account, lab: string, env: Record<string, string>) {
    this.#account = account;
    this.#lab = lab;
    this.#env = { ...env, LANG: 'C.UTF-8', NXF_OFFLINE: 'true', NXF_ANSI_LOG: 'false' };
  }

  #command(args: readonly string[], umask: string): string[] {
    const line = `cd '${this.#lab}' && umask ${umask} && exec "$@"`;
    return ['sh', '-c', line, 'sh', process.execPath, startProgram, ...args];
  }

  escrow(
    args: readonly string[],
    options: { env?: Record<string, string>; input?: string; umask?: string } = {},
  ) {
    const { env, input = '', umask = '002' } = options;
    return asAccount(this.#account, this.#command(args, umask), { input, env: { ...this.#env, ...env } });
  }

  start(args: readonly string[]) {
    const child = spawn(...untapped(...asUser(this.#account, this.#command(args, '002'))), {
      env: { PATH: process.env['PATH'], ...this.#env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const text: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => text.push(chunk));
    return { ended: once(child, 'exit'), output: () => Buffer.concat(text).toString('utf8') };
  }
}

t.setTimeout(2 * LIMIT_MS);

void t.test('a group member rewrites a queued task: that is seen, or refused', async (t) => {
  const nextflow = realNextflow(t);
  const shared = nextflow === undefined ? undefined : sharedGroup(t);
  if (nextflow === undefined || shared === undefined) return;
  const { victim, attacker, gid, group } = shared;
  const lab = `/tmp/nfe-lab-${group}`;
  const loot = `/tmp/nfe-loot-${group}`;
  for (const [path, owner, mode] of [
    [lab, victim.uid, 0o2775],
    [loot, attacker.uid, 0o777],
  ] as const) {
    mkdirSync(path);
    t.teardown(() => rmSync(path, { recursive: true, force: true }));
    chownSync(path, owner, gid);
    chmodSync(path, mode);
  }
  const bin = join(loot, 'bin');
  mkdirSync(bin);
  queueIn(bin, lab);
  writeFileSync(join(lab, 'main.nf'), SCRIPT);
  const config =
    "process.executor = 'slurm'\nexecutor.pollInterval = '1 sec'\nexecutor.queueStatInterval = '1 sec'\n";
  writeFileSync(join(lab, 'nextflow.config'), config);
  const member = new Member(victim, lab, {
    PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    NF_ESCROW_NEXTFLOW: publicNextflow(t, nextflow),
    NF_ESCROW_IDLE_SECONDS: '2',
  });
  const value = randomBytes(16).toString('hex');
  t.equal(member.escrow(['secrets', 'set', 'FOO_KEY'], { input: value }).status, 0);

  const members = `members of group ${String(gid)} (${group})`;
  const shown = (path: string, why: string): RegExp =>
    new RegExp(`"${path}" \\([a-z., ]+\\) ${why.replaceAll(/[()]/g, '\\$&')}`);
  const seen = shown(lab, `can be changed by others: ${members} can write to it`);
  const made = shown(
    `${lab}/work`,
    `will contain new files that others can change: umask 0002 lets ${members} write to them`,
  );

  await t.test('refuse: nothing is delivered and nothing is started', async (t) => {
    const { status, stderr } = member.escrow(['run', 'main.nf'], { env: REFUSE });
    t.equal(status, 77);
    t.match(stderr, 'nf-escrow: Cannot start a run with secrets (writableByOthers is refuse): "');
    t.match(stderr, seen);
    t.ok(
      stderr.includes(
        `Run chmod go-w ${lab}, or, if it is shared on purpose, launch in a directory of your own.`,
      ),
    );
    t.match(stderr, 'Run nf-escrow doctor to list 1 more.');
    t.same((JSON.parse(member.escrow(['runs', 'list', '--json']).stdout) as RunList).runs, [], 'no run');
    t.notOk(existsSync(join(victim.home, '.local/state/nf-escrow/runs')), 'no run directory');
    t.notOk(existsSync(join(lab, '.nextflow.log')), 'no nextflow');
    const without = member.escrow(['run', '--explain', '--no-secrets', 'main.nf'], { env: REFUSE });
    t.equal(without.status, 0, 'a run without secrets has none to lose');
    t.notMatch(without.stdout, /writable/);
  });

  await t.test('warn: the launch, doctor and the receipt name who can do it', async (t) => {
    const { ended, output } = member.start(['run', 'main.nf']);
    await isQueued(lab, ended, output);
    const task = must('find', [join(lab, 'work'), '-name', '.command.run']).trim();
    t.equal(statSync(task).mode & 0o020, 0o020, 'others of the group can write to it');
    const evil = `s|^nxf_launch() {|&\\n    printf %s "$FOO_KEY" >${loot}/value|`;
    const attack = `sed '${evil}' '${task}' >${loot}/new && cat ${loot}/new >'${task}' && touch '${lab}/go'`;
    t.equal(asAccount(attacker, ['sh', '-c', attack]).status, 0);
    t.equal((await ended)[0], 0, output());
    t.equal(readFileSync(join(loot, 'value'), 'utf8'), value, 'which nf-escrow cannot forbid');

    const warnings = output()
      .split('\n')
      .filter((line) => line.startsWith('nf-escrow: '));
    t.equal(warnings.filter((line) => seen.test(line)).length, 1, 'once for the directory');
    t.equal(warnings.filter((line) => made.test(line)).length, 1, 'once for the umask');
    t.match(
      warnings.find((line) => made.test(line)),
      /Run `umask 022` first\.$/,
    );
    t.equal(warnings.filter((line) => /write to it|write to them/.test(line)).length, 2, 'and nothing else');

    const { runs } = JSON.parse(member.escrow(['runs', 'list', '--json']).stdout) as RunList;
    const receipt = member.escrow(['runs', 'receipt', runs[0]?.id ?? '']);
    t.ok(receipt.stdout.includes('writable     "'), receipt.stdout);
    for (const line of [seen, made]) t.match(receipt.stdout, line);
    const { writableByOthers } = JSON.parse(
      member.escrow(['runs', 'receipt', runs[0]?.id ?? '', '--json']).stdout,
    ) as Receipt;
    t.match(writableByOthers, [
      { path: lab, who: members, remedy: /^Run chmod go-w / },
      { path: join(lab, 'work'), who: members },
    ]);

    for (const args of [[], ['--compute-env', 'local']]) {
      const { checks } = JSON.parse(member.escrow(['doctor', ...args, '--json']).stdout) as DoctorReport;
      const found = checks.filter(({ name }) => name === 'executed files');
      t.match(found, [{ state: 'warning' }, { state: 'warning' }], args.join(' '));
      t.match(found[0]?.found, seen);
      t.match(found[1]?.remedy, 'umask 022');
    }
    const strict = JSON.parse(member.escrow(['doctor', '--json'], { env: REFUSE }).stdout) as DoctorReport;
    t.match(strict.checks.filter(({ name }) => name === 'executed files')[0], { state: 'failure' });
  });

  await t.test('the remedies end it', async (t) => {
    const explain = (): string => {
      const { stdout, status } = member.escrow(['run', '--explain', 'main.nf'], { umask: '022' });
      t.equal(status, 0);
      return stdout;
    };
    for (let left = 10; left > 0; left -= 1) {
      const remedy = /^writable .* (chmod (?:-R )?go-w \S+), or/m.exec(explain())?.[1];
      if (remedy === undefined) break;
      t.equal(asAccount(victim, ['sh', '-c', remedy]).status, 0, remedy);
    }
    t.notMatch(explain(), /writable/);
    const allowed = member.escrow(['run', '--explain', 'main.nf'], { umask: '022', env: REFUSE });
    t.equal(allowed.status, 0, allowed.stderr);
  });
});
