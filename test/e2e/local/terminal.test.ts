import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Receipt, Run, RunList } from '../../../daemon/contract/types.ts';
import { Sandbox, until } from '../../support/sandbox.ts';
import { canMakeTerminals, CTRL_BACKSLASH, CTRL_C, CTRL_Z, Terminal } from '../../support/terminal.ts';

/** A task that creates the file `here` and lasts until the file `go` exists. */
const HOLD = 'touch here; while [ ! -e go ]; do sleep 0.05; done; echo the end';
/** A task like HOLD that ignores SIGTERM. */
const STUBBORN = `trap "" TERM; ${HOLD}`;

/** A terminal in which a case runs, with bare nextflow or with nf-escrow. */
interface Stage {
  readonly shell: Terminal;
  /** `nextflow` or `nf-escrow`. */
  readonly program: string;
  /** Waits until the task runs. With nf-escrow, asserts that its secret is delivered. */
  readonly running: () => Promise<void>;
  /** Releases the task. */
  readonly letGo: () => void;
  /** Returns nextflow's log. */
  readonly log: () => string;
}

/** Runs a case and returns what the user sees. */
type Play = (stage: Stage) => Promise<unknown>;
type End = Pick<Run, 'outcome' | 'exitStatus'>;

const count = (text: string, part: string): number => text.split(part).length - 1;

async function newestRun(box: Sandbox): Promise<Run> {
  const { text } = await box.http('GET', '/v1/runs?limit=1'); // faster than a command
  const [run] = (JSON.parse(text) as RunList).runs;
  if (run === undefined) throw new Error('no run exists');
  return run;
}

void t.test('behaves like bare nextflow at a terminal', async (t) => {
  if (!canMakeTerminals(t)) return;
  const box = new Sandbox(t);
  box.env['NXF_PLUGINS_DEFAULT'] = 'true'; // without the plugin, nf-escrow prints a message
  const value = randomBytes(16).toString('hex');
  t.equal((await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: value })).status, 0);

  async function perform(t: Test, program: string, directory: string, play: Play): Promise<unknown> {
    const shell = new Terminal(t, box, directory);
    const running = async (): Promise<void> => {
      await until(`the task of ${program} runs`, () => existsSync(join(directory, 'here')));
      if (program === 'nf-escrow') t.ok(box.filesWith(value).length > 0, 'a live run has its secret');
    };
    const letGo = (): void => {
      writeFileSync(join(directory, 'go'), '');
    };
    const log = (): string => readFileSync(join(directory, '.nextflow.log'), 'utf8');
    const seen = await play({ shell, program, running, letGo, log });
    shell.drop();
    return seen;
  }

  /**
   * Runs a case with bare nextflow and with nf-escrow, asserts that the user sees the same, that the secret is removed, and
   * that the outcome is correct.
   */
  async function same(name: string, end: End, play: Play): Promise<void> {
    await t.test(name, async (t) => {
      const directory = join(box.directory, name.replaceAll(/\W/g, '-'));
      const launch = join(directory, 'nf-escrow');
      const [bare, ours] = await Promise.all([
        perform(t, 'nextflow', join(directory, 'nextflow'), play),
        perform(t, 'nf-escrow', launch, play),
      ]);
      t.same(ours, bare, 'the user sees the same');
      const run = await until('the run is purged', async () => {
        const found = await newestRun(box);
        return found.state === 'purged' ? found : undefined;
      });
      t.match(run, { ...end, launchDirectory: launch });
      t.same(box.filesWith(value), [], 'no file contains the value');
      t.same(readdirSync(join(box.state, 'runs')), []);
      const receipt = await box.http('GET', `/v1/runs/${run.id}/receipt`);
      t.equal((JSON.parse(receipt.text) as Receipt).complete, true);
    });
  }

  await same(
    'Ctrl-C reaches nextflow exactly once',
    { outcome: 'cancelled', exitStatus: 130 },
    async ({ shell, program, running, letGo, log }) => {
      await shell.type(`${program} run '${STUBBORN}'`);
      await running();
      shell.press(CTRL_C);
      await until('aborted', () => log().includes('Cause: SIGINT'));
      letGo();
      return { status: await shell.prompt(), asked: count(shell.screen, 'One more CTRL+C') };
    },
  );

  await same(
    'Ctrl-C twice',
    { outcome: 'cancelled', exitStatus: 130 },
    async ({ shell, program, running, letGo, log }) => {
      await shell.type(`${program} run '${STUBBORN}'`);
      await running();
      shell.press(CTRL_C);
      await until('aborted', () => /Cause: SIGINT[^]*waits again/.test(log()));
      shell.press(CTRL_C);
      await until('asked', () => shell.screen.includes('One more CTRL+C'));
      letGo();
      return { status: await shell.prompt(), forced: count(shell.screen, 'Adieu') };
    },
  );

  await same(
    'Ctrl-Z stops the run, fg continues it',
    { outcome: 'succeeded', exitStatus: 0 },
    async ({ shell, program, running, letGo }) => {
      await shell.type(`${program} run '${HOLD}'`);
      await running();
      shell.press(CTRL_Z);
      const stopped = await shell.prompt();
      letGo();
      if (program === 'nf-escrow') {
        const { id } = await newestRun(box);
        t.equal((await box.escrow(['runs', 'purge', id])).status, 75, 'a stopped run is not purged');
      }
      await running();
      await shell.type('fg');
      return { stopped, status: await shell.prompt(), shown: count(shell.screen, '\nthe end') };
    },
  );

  await same(
    'Ctrl-Z stops the run, bg continues it',
    { outcome: 'failed', exitStatus: 3 },
    async ({ shell, program, running, letGo }) => {
      await shell.type(`${program} run '${HOLD}; exit 3'`);
      await running();
      shell.press(CTRL_Z);
      const stopped = await shell.prompt();
      const background = await shell.command('bg');
      await running();
      letGo();
      return { stopped, background, status: await shell.command('wait %1') };
    },
  );

  await same(
    'a run that ends in the background does not change the terminal',
    { outcome: 'succeeded', exitStatus: 0 },
    async ({ shell, program, running }) => {
      await shell.command(`${program} run '${HOLD}' &`);
      await running();
      const status = await shell.command('stty -isig; touch go; wait %1; stty -a >modes; stty sane');
      return { status, modes: readFileSync(join(shell.directory, 'modes'), 'utf8') };
    },
  );

  await same('output into a pipe', { outcome: 'failed', exitStatus: 3 }, async ({ shell, program }) => {
    const status = await shell.command(`${program} run 'seq 1 50000; exit 3' | tee out | tail -1`);
    return { status, out: readFileSync(join(shell.directory, 'out'), 'utf8').length };
  });

  await same(
    'output into a pipe that is closed early',
    { outcome: 'failed', exitStatus: 141 },
    ({ shell, program }) => shell.command(`${program} run 'seq 1 500000' | head -1`),
  );

  await same(
    'the terminal is closed',
    { outcome: 'cancelled', exitStatus: 129 },
    async ({ shell, program, running, log }) => {
      // The shell ignores SIGHUP, so that it can record the status.
      await shell.type(`bash -c "trap : HUP; ${program} run '${HOLD}'; echo \\$? >status"`);
      await running();
      shell.drop();
      const file = join(shell.directory, 'status');
      await until(
        'the shell records the status',
        () => existsSync(file) && readFileSync(file, 'utf8') !== '',
      );
      return { status: readFileSync(file, 'utf8'), hungUp: log().includes('Cause: SIGHUP') };
    },
  );

  await same(
    'a terminal without a shell is closed, as of ssh with a command',
    { outcome: 'cancelled', exitStatus: 129 },
    async ({ shell, program, running, log }) => {
      await shell.type(`exec ${program} run '${HOLD}'`);
      await running();
      shell.drop();
      await until('nextflow has ended', () => log().includes('Goodbye'));
      return log().includes('Cause: SIGHUP');
    },
  );

  await same(
    'the terminal of a run with nohup is closed',
    { outcome: 'succeeded', exitStatus: 0 },
    async ({ shell, program, running, letGo, log }) => {
      await shell.command(`nohup ${program} run '${HOLD}' &`);
      await running();
      shell.drop();
      await until('bash has signaled its jobs and ended', () => !existsSync(`/proc/${shell.pid}`));
      letGo();
      await until('nextflow has ended', () => log().includes('Goodbye'));
      return {
        out: readFileSync(join(shell.directory, 'nohup.out'), 'utf8'),
        aborted: log().includes('aborted'),
      };
    },
  );

  await same(
    'the script comes from standard input, or standard input is the terminal',
    { outcome: 'succeeded', exitStatus: 0 },
    async ({ shell, program }) => {
      const piped = await shell.command(`echo 'echo from "stdin" >piped; exit 4' | ${program} run -`);
      await shell.type(
        `${program} run 'test -t 0; a=$?; test -t 1; b=$?; test -t 2; echo $a $b $? >ttys; read -r line; echo "$line" >line'`,
      );
      await until('the task reads from the terminal', () => existsSync(join(shell.directory, 'ttys')));
      shell.press('typed in\r');
      const status = await shell.prompt();
      const read = (name: string): string => readFileSync(join(shell.directory, name), 'utf8');
      return { piped, status, files: ['piped', 'ttys', 'line'].map(read) };
    },
  );

  await same(
    'Ctrl-\\ prints a thread dump once, and nextflow continues',
    { outcome: 'succeeded', exitStatus: 0 },
    async ({ shell, program, running, letGo }) => {
      await shell.type(`${program} run 'trap "" QUIT; ${HOLD}'`);
      await running();
      shell.press(CTRL_BACKSLASH);
      await until('the thread dump appears', () => shell.screen.includes('Full thread dump'));
      letGo();
      return { status: await shell.prompt(), dumps: count(shell.screen, 'Full thread dump') };
    },
  );
});
