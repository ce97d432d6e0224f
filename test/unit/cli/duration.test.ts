import t from 'tap';
import { readDuration } from '../../../daemon/cli/io/duration.ts';

void t.test('reads seconds, and numbers with a unit', async (t) => {
  const cases = { '1': 1000, '90s': 90_000, '1.5m': 90_000, '2h': 7_200_000, '1d': 86_400_000, '0.2': 200 };
  for (const [text, ms] of Object.entries(cases)) t.equal(readDuration('--timeout', text), ms, text);
  for (const text of ['', '0', '-1', '1w', 'h', '1 h', '1e3', '25d', '99999999999', 'Infinity', '0x10', '١'])
    t.throws(
      () => readDuration('--timeout', text),
      { code: 'usage', message: /--timeout must be a time/ },
      text,
    );
});
