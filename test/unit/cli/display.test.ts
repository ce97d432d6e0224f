import t from 'tap';
import { usesColour } from '../../../daemon/cli/io/display.ts';
import { fitColumns } from '../../../daemon/cli/io/fit-columns.ts';
import { findPager } from '../../../daemon/cli/io/pager.ts';
import { relativeTime, timeFormatter } from '../../../daemon/cli/io/time-format.ts';

void t.test('colours output by the rules of GitHub CLI', (t) => {
  const cases: [env: Record<string, string>, terminal: boolean, pipe: boolean][] = [
    [{}, true, false],
    [{ NO_COLOR: '1' }, false, false],
    [{ NO_COLOR: '' }, true, false],
    [{ CLICOLOR: '0' }, false, false],
    [{ CLICOLOR: '1' }, true, false],
    [{ CLICOLOR_FORCE: '1' }, true, true],
    [{ CLICOLOR_FORCE: '0' }, true, false],
    [{ CLICOLOR_FORCE: '' }, true, false],
    [{ CLICOLOR_FORCE: '1', NO_COLOR: '1' }, true, true],
    [{ TERM: 'dumb' }, false, false],
  ];
  for (const [env, onTerminal, inPipe] of cases)
    t.same([usesColour(env, true), usesColour(env, false)], [onTerminal, inPipe], JSON.stringify(env));
  t.end();
});

void t.test('takes the pager from NF_ESCROW_PAGER, PAGER or less', (t) => {
  const TERM = 'xterm';
  const cases: [env: Record<string, string>, pager: string | undefined][] = [
    [{ TERM, NF_ESCROW_PAGER: 'more', PAGER: 'most -s' }, 'more'],
    [{ TERM, PAGER: 'most -s' }, 'most -s'],
    [{ TERM, NF_ESCROW_PAGER: '', PAGER: 'most' }, undefined],
    [{ TERM, PAGER: ' cat ' }, undefined],
    [{ TERM, PATH: '/nonexistent' }, undefined],
    [{ TERM: 'dumb', PAGER: 'more' }, undefined],
    [{ PAGER: 'more' }, undefined],
  ];
  for (const [env, pager] of cases) t.equal(findPager(env), pager, JSON.stringify(env));
  t.end();
});

void t.test('shows times relative to now', (t) => {
  const now = Date.parse('2026-11-29T12:00:00.000Z');
  const cases = [
    ['2026-11-29T11:59:59.500Z', 'just now'],
    ['2026-11-29T12:00:00.400Z', 'just now'],
    ['2026-11-29T11:59:59.000Z', '1 second ago'],
    ['2026-11-29T11:59:01.000Z', '59 seconds ago'],
    ['2026-11-29T11:58:30.000Z', '1 minute ago'],
    ['2026-11-29T10:00:00.000Z', '2 hours ago'],
    ['2026-11-27T11:00:00.000Z', '2 days ago'],
    ['2026-10-01T12:00:00.000Z', '1 month ago'],
    ['2024-01-01T12:00:00.000Z', '2 years ago'],
    ['2026-11-29T12:05:00.000Z', 'in 5 minutes'],
    ['-', '-'],
    ['2026-99-29T12:05:00.000Z', '2026-99-29T12:05:00.000Z'],
    ['2026', '2026'],
  ] as const;
  for (const [time, expected] of cases) t.equal(relativeTime(time, now), expected, time);
  const time = '2026-11-29T11:59:01.000Z';
  t.equal(timeFormatter({ isTerminal: true }, {}, now)(time), '59 seconds ago');
  t.equal(timeFormatter({ isTerminal: true }, { time: 'exact' }, now)(time), time);
  t.equal(timeFormatter({ isTerminal: false }, {}, now)(time), time);
  t.equal(timeFormatter({ isTerminal: false }, { time: 'relative' }, now)(time), '59 seconds ago');
  t.end();
});

void t.test('shrinks the widest of the columns that may shrink first', (t) => {
  t.same(fitColumns([20, 100, 60], ['never', 'first', 'first'], 100), [20, 40, 40]);
  t.same(fitColumns([20, 18, 100], ['never', 'first', 'first'], 100), [20, 18, 62]);
  t.same(fitColumns([20, 100, 60], ['never', 'later', 'first'], 100), [20, 64, 16]);
  t.same(fitColumns([30, 30, 30], ['never', 'never', 'never'], 60), [20, 20, 20]);
  t.same(fitColumns([5, 5], ['never', 'later'], 100), [5, 5]);
  t.end();
});
