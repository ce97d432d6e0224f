// Terminals as people use and lose them: job control in each shell, closed descriptors, broken connections.
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { RunList } from '../../../../daemon/contract/types.ts';
import {
  headOfRun,
  processesIn,
  SHELLS,
  ShellTerminal,
  writeHold,
} from '../../../support/environments/shell-terminal.ts';
import { accepts } from '../../../support/hostile.ts';
import { missing } from '../../../support/launcher/callers.ts';
import { stateOf } from '../../../support/process-state.ts';
import { launcher, Sandbox, until } from '../../../support/sandbox.ts';
import { canMakeTerminals, CTRL_Z } from '../../../support/terminal.ts';

/** A sandbox with one secret, whose value is returned. */
async function withSecret(t: Test): Promise<{ box: Sandbox; value: string }> {
  const box = new Sandbox(t);
  box.env['NF_ESCROW_NODE'] = process.execPath;
  const value = randomBytes(12).toString('hex');
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: value });
  return { box, value };
}

async function purged(box: Sandbox): Promise<void> {
  await until('the run is purged', async () => {
    const { runs } = await box.json<RunList>(['runs', 'list']);
    return runs.length > 0 && runs.every(({ state }) => state === 'purged');
  });
}

for (const [shell, command] of SHELLS)
  void t.test(`${shell} stops a run with Ctrl-Z and continues it with fg and bg`, async (t) => {
    if (!canMakeTerminals(t)) return;
    if (missing({ needs: [shell] }) !== undefined)
      return t.pass('skipped', { skip: `${shell} is not installed` });
    const { box, value } = await withSecret(t);
    const terminal = new ShellTerminal(t, box, command);
    await terminal.answers('the first prompt');
    terminal.type(`nf-escrow run ${writeHold(box)}`);
    await until('the task runs', () => existsSync(join(box.launch, 'here')));
    const head = await headOfRun(box);
    for (const job of ['fg', 'bg']) {
      terminal.press(CTRL_Z);
      await until('the head is stopped', () => stateOf(head) === 'T');
      await terminal.answers('the prompt after Ctrl-Z');
      terminal.type(job);
      await until(`${job} continues the head`, () => stateOf(head) !== 'T');
    }
    await terminal.answers('the prompt while the run is in the background');
    t.notOk(existsSync(join(box.launch, 'done')));
    writeFileSync(join(box.launch, 'go'), '');
    await until('the run has ended', () => existsSync(join(box.launch, 'done')));
    await purged(box);
    await terminal.answers('the prompt after the run');
    await until('no process is left', () => !processesIn(box).some((line) => line.includes('hold')));
    t.match((await box.json<RunList>(['runs', 'list'])).runs, [{ outcome: 'succeeded', exitStatus: 0 }]);
    t.same(box.filesWith(value), []);
  });

for (const [what, args] of [
  ['runs watch', (run: string) => `runs watch ${run}`],
  ['runs logs -f', (run: string) => `runs logs -f ${run}`],
  ['runs wait', (run: string) => `runs wait ${run}`],
] as const)
  void t.test(
    `${what} ends with its terminal, even with SIGHUP ignored, and the run continues`,
    async (t) => {
      if (!canMakeTerminals(t)) return;
      const { box } = await withSecret(t);
      await accepts(t, box, ['run', '--detach', writeHold(box)]);
      const [run] = (await box.json<RunList>(['runs', 'list'])).runs;
      const head = await headOfRun(box);
      const watching = (): boolean => processesIn(box).some((line) => line.includes(args(run?.id ?? '')));
      for (const nohup of ['', 'trap "" HUP; ']) {
        const terminal = new ShellTerminal(t, box, 'bash --norc -i');
        await terminal.answers('the first prompt');
        terminal.type(`${nohup}nf-escrow ${args(run?.id ?? '')}`);
        await until('it waits', watching);
        if (what !== 'runs wait')
          await until('it prints', () => /Nextflow started|output-of/.test(terminal.screen));
        terminal.drop();
        if (nohup === '') await until('it has ended', () => !watching());
        t.not(stateOf(head), undefined, 'the run continues');
      }
      writeFileSync(join(box.launch, 'go'), '');
      await purged(box);
      await until('no command is left', () => !watching());
      t.match((await box.json<RunList>(['runs', 'list'])).runs, [{ outcome: 'succeeded' }]);
    },
  );

void t.test('a terminal that vanishes during --detach leaves a live run or nothing', async (t) => {
  if (!canMakeTerminals(t)) return;
  // The moments at which the terminal is closed: from before the delivery to after the start.
  const moments: readonly (readonly [string, (box: Sandbox) => boolean])[] = [
    ['the command has started', (box) => processesIn(box).some((line) => line.includes('--detach'))],
    ['the run directory exists', (box) => readdirSync(join(box.state, 'runs')).length > 0],
    ['the task runs', (box) => existsSync(join(box.launch, 'here'))],
  ];
  for (const [moment, isReached] of moments) {
    const { box, value } = await withSecret(t);
    await accepts(t, box, ['run', 'true']); // creates the runs directory
    const terminal = new ShellTerminal(t, box, 'bash --norc -i');
    await terminal.answers('the first prompt');
    terminal.type(`nf-escrow run --detach ${writeHold(box)}`);
    await until(moment, () => isReached(box));
    terminal.drop();
    await until('the command has ended', () => !processesIn(box).some((line) => line.includes('--detach')));
    if (moment === 'the task runs') t.notOk(existsSync(join(box.launch, 'done')), 'the run continues');
    writeFileSync(join(box.launch, 'go'), '');
    await purged(box);
    t.same(box.filesWith(value), [], moment);
    t.same(
      processesIn(box).filter((line) => line.includes('hold')),
      [],
      moment,
    );
  }
});

void t.test('commands work with closed descriptors', async (t) => {
  const { box, value } = await withSecret(t);
  Object.assign(box.env, { LAUNCHER: launcher });
  const told = join(box.launch, 'told');
  const closed = ['<&-', '>&-', '2>&-', '<&- >&-', '<&- >&- 2>&-'];
  for (const how of closed)
    for (const [command, file] of [
      ['status', undefined],
      ['run "cat \\$NXF_SECRETS_FILE >told; readlink /proc/self/fd/[0-2] >fds"', 'fds'],
      ['run --detach "readlink /proc/self/fd/[0-2] >fds2; exit 3"', 'fds2'],
      ['daemon stop', undefined],
    ] as const) {
      for (const path of file === undefined ? [] : [join(box.launch, file), told])
        rmSync(path, { force: true });
      const { status, stderr } = await box.startProgram('bash', ['-c', `"$LAUNCHER" ${command} ${how}`])
        .ended;
      t.equal(status, 0, `${command} ${how}`);
      t.notMatch(stderr, /^ +at /m);
      if (file === undefined) continue;
      const descriptors = await until('the task has run', () => {
        const path = join(box.launch, file);
        const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
        return text === '' ? undefined : text;
      });
      if (file === 'fds') t.match(readFileSync(told, 'utf8'), value, `the run gets its secrets: ${how}`);
      t.notMatch(
        descriptors,
        /ledger|\.sock|secrets\//,
        'no file of nf-escrow took the place of a descriptor',
      );
    }
  await purged(box);
  t.same(
    box.filesWith(value, (path) => path === told),
    [],
  );
});
