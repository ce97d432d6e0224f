import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { whyNotOurs, type JobClaim } from '../../../daemon/runs/purge/job-ownership.ts';
import type { JobOrigin } from '../../../daemon/schedulers/scheduler.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const TASK = `ab/${'0123456789'.repeat(3)}`;
const OTHER = `cd/${'0123456789'.repeat(3)}`;
const SINCE = Date.parse('2026-11-28T10:00:00Z');

void t.test('accepts a job only if all facts of its scheduler match', async (t) => {
  const work = join(temporaryDirectory(t), 'work');
  mkdirSync(work);
  const link = `${work}-link`;
  symlinkSync(work, link);
  const origin: JobOrigin = {
    owner: 'ada',
    isOurs: true,
    workDirectory: join(work, TASK),
    submittedAt: SINCE + 5000,
  };
  const claim: JobClaim = {
    workDirectory: join(work, TASK),
    runWorkDirectory: work,
    isArrayTask: false,
    since: SINCE,
  };
  const reason = (
    reported: Partial<JobOrigin>,
    claimed: Partial<JobClaim> = {},
  ): Promise<string | undefined> => whyNotOurs({ ...origin, ...reported }, { ...claim, ...claimed });

  t.equal(await reason({}), undefined);
  t.equal(await reason({ submittedAt: SINCE }), undefined, 'submitted when the run was created');
  const throughLink = { workDirectory: join(link, TASK), runWorkDirectory: `${link}/` };
  t.equal(await reason({}, throughLink), undefined, 'links resolved');
  t.equal(await reason({ workDirectory: join(link, TASK) }, throughLink), undefined, 'links not resolved');

  const refused: [Partial<JobOrigin>, Partial<JobClaim>, RegExp][] = [
    [{ isOurs: false, owner: 'eve' }, {}, /belongs to eve/],
    [{ submittedAt: SINCE - 1 }, {}, /2026-11-28T09:59:59\.999Z, before the run began/],
    [{ owner: null }, {}, /does not report/],
    [{ workDirectory: null }, {}, /does not report/],
    [{ submittedAt: null }, {}, /does not report/],
    [{ workDirectory: join(work, OTHER) }, {}, /not its task's work directory/],
    [{ workDirectory: work }, {}, /not its task's work directory/],
    [{ workDirectory: `${join(work, TASK)}\n` }, {}, /not its task's work directory/],
    [{ workDirectory: join(work, TASK, 'x') }, {}, /not its task's work directory/],
    [{}, { runWorkDirectory: null }, /not known/],
    [{}, { workDirectory: null }, /not known/],
    [{}, { runWorkDirectory: '/' }, /not known/],
    // A forged event names the directory of a job that the attacker wants to cancel.
    [{ workDirectory: '/home/ada/thesis' }, { workDirectory: '/home/ada/thesis' }, /not known/],
    [{ workDirectory: work }, { workDirectory: work }, /not known/],
    [{ workDirectory: join(work, '..') }, { workDirectory: `${work}/..` }, /not known/],
    [{ workDirectory: `${work}-other/${TASK}` }, { workDirectory: `${work}-other/${TASK}` }, /not known/],
    [{ workDirectory: join(work, OTHER, 'x') }, { isArrayTask: true }, /not its task's work directory/],
    [{ workDirectory: `${work}-other/${TASK}` }, { isArrayTask: true }, /not its task's work directory/],
  ];
  for (const [reported, claimed, expected] of refused)
    t.match(await reason(reported, claimed), expected, JSON.stringify([reported, claimed]));
  t.equal(
    await reason({ workDirectory: join(work, OTHER) }, { isArrayTask: true }),
    undefined,
    'another task of its array',
  );
});
