// A task cannot keep the daemon from answering, nor its run directory from being removed, by what it puts into it.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { Receipt } from '../../../../daemon/contract/types.ts';
import { accepts } from '../../../support/hostile.ts';
import { Sandbox, until } from '../../../support/sandbox.ts';

/** 150000 for the figure of docs/reliability.md. */
const COUNT = Number(process.env['NF_ESCROW_TEST_FILES'] ?? 20_000);

t.setTimeout(300_000);

const PLANT = `import os, sys
base, count = sys.argv[1], int(sys.argv[2])
secrets = os.path.join(base, "secrets")
os.makedirs(secrets, exist_ok=True)
for index in range(count):
    with open(os.path.join(base if index % 3 else secrets, "file%d" % index), "w") as file:
        if index % 2:
            file.write("x")
os.link(os.path.join(base, "store.json"), sys.argv[3])
os.chdir(base)
for _ in range(60):
    os.mkdir("d" * 200)
    os.chdir("d" * 200)
    open("file", "w").write("x")`;

/** Requests the daemon's health repeatedly. */
function askHealth(box: Sandbox): {
  /** The number of answers so far. */
  readonly answers: () => number;
  /** Returns the time of the slowest answer, in milliseconds, and the number of answers. */
  readonly stop: () => Promise<{ max: number; answers: number }>;
} {
  const state = { isOver: false };
  let max = 0;
  let answers = 0;
  const asked = (async () => {
    while (!state.isOver) {
      const begun = performance.now();
      const { status } = await box.http('GET', '/v1/health', undefined, { connection: 'close' });
      if (status === 200) answers++;
      max = Math.max(max, performance.now() - begun);
      await sleep(5);
    }
  })();
  return {
    answers: () => answers,
    stop: async () => {
      state.isOver = true;
      await asked;
      return { max, answers };
    },
  };
}

void t.test('a run directory of many files and long paths is removed while the daemon answers', async (t) => {
  const box = new Sandbox(t);
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: 'value' });
  const link = join(box.directory, 'link');
  const started = box.start(['run', 'touch here; while [ ! -e go ]; do sleep 0.05; done']);
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  const [id = ''] = readdirSync(join(box.state, 'runs'));
  const directory = join(box.state, 'runs', id);
  t.teardown(() => execFileSync('rm', ['-rf', directory])); // what a failure leaves has paths too long for Node
  const idle = askHealth(box);
  await until('an idle daemon has answered often', () => idle.answers() >= 50);
  const usual = (await idle.stop()).max;
  execFileSync('python3', ['-c', PLANT, directory, String(COUNT), link]);
  const health = askHealth(box);
  const begun = performance.now();
  writeFileSync(join(box.launch, 'go'), '');
  const deadline = begun + 240_000; // of 150,000 files, on a machine with much else at work
  while (statSync(link).size > 0 && performance.now() < deadline) await sleep(25);
  const erased = performance.now() - begun;
  while (existsSync(directory) && performance.now() < deadline) await sleep(25);
  t.notOk(existsSync(directory), 'it is removed');
  const removed = performance.now() - begun;
  await started.ended;
  const { max, answers } = await health.stop();
  t.comment(
    `${String(COUNT)} files: secrets erased after ${erased.toFixed(0)} ms, removed after ${removed.toFixed(0)} ms; ${String(answers)} answers, the slowest ${max.toFixed(0)} ms (before: ${usual.toFixed(0)} ms)`,
  );
  t.ok(answers > 5, 'the daemon answers during the removal');
  t.match(await box.json<Receipt>(['runs', 'receipt', id]), { complete: true });
});
