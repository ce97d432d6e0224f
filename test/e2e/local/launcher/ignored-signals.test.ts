import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { accepts } from '../../../support/hostile.ts';
import { callers, missing, type Caller } from '../../../support/launcher/callers.ts';
import { launcher, Sandbox, until } from '../../../support/sandbox.ts';

/** A nextflow that records the signals that it ignores. grep reads its own status: bash always ignores SIGQUIT. */
const RECORDING = `#!/bin/bash
grep SigIgn: /proc/self/status >signals.new
mv signals.new signals
`;

function program(path: string, text: string): string {
  writeFileSync(path, text, { mode: 0o755 });
  return path;
}

/** Returns a sandbox with that nextflow. The program `bare` starts it directly, `ours` through nf-escrow. */
async function withRecording(t: Test): Promise<{ box: Sandbox; bare: string; ours: string }> {
  const box = new Sandbox(t);
  const bare = program(join(box.directory, 'recording'), RECORDING);
  box.env['NF_ESCROW_NEXTFLOW'] = bare;
  box.env['NF_ESCROW_NODE'] = process.execPath;
  const ours = program(join(box.directory, 'ours'), `#!/bin/sh\nexec ${launcher} run x\n`);
  await accepts(t, box, ['daemon', 'start']);
  return { box, bare, ours };
}

/** Parses SigIgn, without SIGCHLD, which bash and Node handle, and 32 and 33, which glibc handles in threaded programs. */
function signalsIn(status: string): string {
  const [, digits = ''] = /^SigIgn:\t([0-9a-f]+)$/m.exec(status) ?? [];
  const bits = BigInt(`0x${digits}`);
  const numbers = Array.from({ length: 64 }, (_, index) => index + 1);
  return numbers
    .filter((each) => (bits >> BigInt(each - 1)) % 2n === 1n && ![17, 32, 33].includes(each))
    .join(' ');
}

async function signalsOf(box: Sandbox, caller: Caller, program: string): Promise<string | undefined> {
  const file = join(box.launch, 'signals');
  rmSync(file, { force: true });
  await caller.start(box, program);
  // Some callers return before the program ends, and some cannot start it on this host.
  const deadline = Date.now() + 10_000;
  return until('nextflow has recorded its signals', () => {
    if (existsSync(file)) return signalsIn(readFileSync(file, 'utf8'));
    return Date.now() > deadline ? 'nothing' : undefined;
  });
}

void t.test('Nextflow ignores the same signals as without nf-escrow, for each caller', async (t) => {
  const { box, bare, ours } = await withRecording(t);
  for (const caller of callers)
    await t.test(caller.title, async (t) => {
      const absent = missing(caller);
      if (absent !== undefined) return t.pass('skipped', { skip: `${absent} is not installed` });
      if (['cron', 'at', 'systemd-run'].includes(caller.title) && process.getuid?.() !== 0)
        return t.pass('skipped', { skip: 'requires root' });
      const expected = await signalsOf(box, caller, bare);
      if (expected === 'nothing')
        return t.pass('skipped', { skip: `${caller.title} cannot run on this host` });
      t.equal(await signalsOf(box, caller, ours), expected);
    });
});

void t.test('ignored signals stay ignored, and no others are ignored', async (t) => {
  const { box, bare, ours } = await withRecording(t);
  // bash handles SIGCHLD regardless of its caller.
  const names = Object.keys(constants.signals).filter(
    (name) => !['SIGKILL', 'SIGSTOP', 'SIGCHLD'].includes(name),
  );
  const ignoring = (numbers: readonly number[]): Caller => ({
    title: '',
    needs: [],
    start: async (box, program) => {
      const code = `trap '' ${numbers.join(' ')}; exec ${program}`;
      await box.startProgram('bash', ['-c', code]).ended;
    },
  });
  const all = [...new Set(names.map((name) => constants.signals[name as NodeJS.Signals]))];
  for (const numbers of [
    [],
    all,
    [34, 64],
    ...['SIGPIPE', 'SIGXFSZ', 'SIGTSTP'].map((name) => [constants.signals[name as NodeJS.Signals]]),
  ]) {
    const expected = await signalsOf(box, ignoring(numbers), bare);
    t.not(expected, 'nothing');
    t.equal(await signalsOf(box, ignoring(numbers), ours), expected, numbers.join(' '));
  }
});

const HOLD = 'touch here; while [ ! -e go ]; do sleep 0.05; done';

for (const [signal, how] of [
  ['SIGINT', `"$LAUNCHER" run '${HOLD}' & wait`],
  ['SIGTERM', `trap '' TERM; exec "$LAUNCHER" run '${HOLD}'`],
  ['SIGHUP', `exec nohup "$LAUNCHER" run '${HOLD}'`],
] as const)
  void t.test(
    `a run whose caller ignores ${signal} continues when the process group receives it`,
    async (t) => {
      const box = new Sandbox(t);
      Object.assign(box.env, { LAUNCHER: launcher, NF_ESCROW_NODE: process.execPath });
      await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: 'a value of the test' });
      // A trap makes the calling shell continue to wait.
      const { pid, ended } = box.startProgram('bash', ['-c', `trap : ${signal}; ${how}; wait`]);
      await until('the task runs', () => existsSync(join(box.launch, 'here')));
      process.kill(-pid, signal);
      writeFileSync(join(box.launch, 'go'), '');
      await ended;
      const { runs } = await box.json<{ runs: object[] }>(['runs', 'list']);
      t.match(runs, [{ outcome: 'succeeded', exitStatus: 0, state: 'purged' }]);
    },
  );

void t.test('runs watch continues after a SIGHUP that its caller ignores', async (t) => {
  const box = new Sandbox(t);
  box.env['NF_ESCROW_NODE'] = process.execPath;
  await accepts(t, box, ['run', '--detach', HOLD]);
  const { runs } = await box.json<{ runs: { id: string }[] }>(['runs', 'list']);
  const { pid, child, ended } = box.startProgram('nohup', [launcher, 'runs', 'watch', runs[0]?.id ?? '']);
  let shown = '';
  child.stdout?.on('data', (chunk: Buffer) => (shown += chunk.toString()));
  await until('the command shows events', () => shown.includes('Planned the run'));
  process.kill(pid, 'SIGHUP');
  writeFileSync(join(box.launch, 'go'), '');
  t.match(await ended, { status: 0, signal: null, stdout: /The run is complete/ });
});
