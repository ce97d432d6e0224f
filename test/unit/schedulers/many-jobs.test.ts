// Thousands of jobs in one query. Linux guarantees 128 KiB for the arguments and the environment of a command (execve(2)).
import t from 'tap';
import { schedulerUnavailable, type RunCommand } from '../../../daemon/schedulers/command.ts';
import { createScheduler } from '../../../daemon/schedulers/create-scheduler.ts';
import { FakeServer, fakeLsf, fakePbs } from '../../support/fake-schedulers.ts';

const ARGUMENTS_MAX = 128 * 1024;

/** Fails like execve(2) if the command line is too long. */
function bounded(run: RunCommand): RunCommand {
  return async (command, args, variables) => {
    const length = [command, ...args].reduce((sum, word) => sum + Buffer.byteLength(word) + 1, 0);
    if (length > ARGUMENTS_MAX) throw schedulerUnavailable(command, 'E2BIG');
    return run(command, args, variables);
  };
}

const ids = {
  lsf: Array.from({ length: 8000 }, (_, index) => String(10n ** 18n + BigInt(index))),
  pbs: Array.from({ length: 1500 }, (_, index) => `${String(index + 1)}.pbs-${'x'.repeat(200)}`),
};

for (const [executor, fake] of [
  ['lsf', fakeLsf],
  ['pbs', fakePbs],
] as const)
  void t.test(`queries any number of ${executor} jobs`, async (t) => {
    const server = new FakeServer();
    const all = ids[executor];
    const known = all.filter((_, index) => index % 2 === 0);
    for (const id of known) server.add('task', id);
    const scheduler = createScheduler(executor, bounded(fake(server)));
    const found = await scheduler.jobs(all);
    t.ok(known.every((id) => found.has(id)));
    t.equal(found.size, known.length);
    t.equal((await scheduler.jobs([])).size, 0);
    server.down = true;
    await t.rejects(scheduler.jobs(all), { code: 'scheduler-unavailable' });
  });
