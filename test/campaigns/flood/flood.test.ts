// A small campaign; `npm run flood` writes a million lines, and measures.
import t from 'tap';
import { runFlood, tableOf } from './flood-campaign.ts';

void t.test('keeps the outcome of a run and the daemon alive, whatever a task floods', async (t) => {
  const results = await runFlood(t, { size: 20_000 }, (line) => {
    t.comment(line);
  });
  t.comment(tableOf(results));
  t.same(
    results.filter(({ wrong }) => wrong.length > 0),
    [],
  );
});
