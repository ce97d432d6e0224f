// A small campaign; `npm run flood` writes a million lines, and measures.
import t from 'tap';
import { runFlood, tableOf } from './flood-campaign.ts';

void t.test('whatever a task floods, its run ends as it did, and the daemon goes on', async (t) => {
  const results = await runFlood(t, { size: 20_000 }, (line) => {
    t.comment(line);
  });
  t.comment(tableOf(results));
  t.same(
    results.filter(({ wrong }) => wrong.length > 0),
    [],
  );
});
