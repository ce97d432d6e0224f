import t from 'tap';
import { validate } from '../../../daemon/contract/validate.ts';
import { readEvent } from '../../../daemon/nextflow/logs/events.ts';

const read = (event: object): ReturnType<typeof readEvent> => readEvent(JSON.stringify(event));

void t.test('accepts only events with a file and names of secrets', async (t) => {
  t.same(
    read({
      type: 'exposure',
      file: 'ab/cd/.command.run',
      task: '1',
      process: 'P',
      secrets: ['A_KEY', 7, 'no name'],
    }),
    { exposure: { file: 'ab/cd/.command.run', task: '1', process: 'P', secrets: ['A_KEY'] } },
  );
  t.match(read({ type: 'exposure', file: '/x/.nextflow.log', secrets: ['A_KEY'] }), {
    exposure: { task: null, process: null },
  });
  t.match(read({ type: 'exposure', file: 'x'.repeat(9999), secrets: ['A_KEY'] }), {
    exposure: { file: 'x'.repeat(4096) },
  });
  for (const wrong of [
    {},
    { file: 'x' },
    { secrets: ['A_KEY'] },
    { file: 7, secrets: ['A_KEY'] },
    { file: 'x', secrets: 'A_KEY' },
  ])
    t.throws(() => read({ type: 'exposure', ...wrong }), JSON.stringify(wrong));
});

void t.test('treats a search as complete only without gaps', async (t) => {
  const gap = { reason: 'budget', count: 2, example: 'ab/cd/.command.out' };
  const base = { type: 'search', complete: true, tasks: 1, files: 9, bytes: 100, omitted: 0 };
  const cases: readonly (readonly [object, object])[] = [
    [
      { ...base, gaps: [] },
      { complete: true, by: 'plugin', gaps: [] },
    ],
    [
      { ...base, gaps: [gap] },
      { complete: false, gaps: [gap] },
    ],
    [{ ...base, complete: 'yes', gaps: [] }, { complete: false }],
    [
      { ...base, gaps: [{ reason: 'no such' }, 7] },
      { gaps: [{ reason: 'unknown', count: 0 }, { reason: 'unknown' }] },
    ],
    [
      { ...base, tasks: -1, bytes: 1e99, files: 'x' },
      { tasks: 0, bytes: 0, files: 0 },
    ],
    [
      { ...base, gaps: Array.from({ length: 999 }, () => gap) },
      { gaps: Array.from({ length: 20 }, () => gap) },
    ],
  ];
  for (const [event, expected] of cases) {
    const found = read(event);
    const searched = found !== undefined && 'searched' in found ? found.searched : undefined;
    t.match(searched, expected);
    t.doesNotThrow(() => validate<'ExposureSearch'>('exposure-search.json', searched));
  }
});
