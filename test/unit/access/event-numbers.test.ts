import { randomBytes } from 'node:crypto';
import { assert, maxSafeInteger, property } from 'fast-check';
import t from 'tap';
import { openEventNumbers, permutedNumbers } from '../../../daemon/access/event-numbers.ts';
import { openTestLedger } from '../../support/test-ledger.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

void t.test('shows each position as one number, and reads it back', async (t) => {
  const numbers = permutedNumbers(randomBytes(32));
  const shown = Array.from({ length: 2000 }, (_, position) => numbers.show(position));
  t.equal(new Set(shown).size, shown.length);
  t.ok(shown.every((number) => Number.isSafeInteger(number) && number >= 0));
  t.same(
    shown.map((number) => numbers.read(number)),
    shown.map((_, position) => position),
  );
  t.ok(shown.filter((number, index) => number > (shown[index - 1] ?? 0)).length < 1500, 'in no order');
  assert(
    property(maxSafeInteger(), (number) => {
      const position = numbers.read(Math.abs(number));
      return Number.isSafeInteger(position) && position >= 0;
    }),
  );
});

void t.test('has the same numbers in all processes of a server', async (t) => {
  const ledger = await openTestLedger(`${temporaryDirectory(t)}/ledger.db`);
  t.teardown(() => ledger.close());
  const [one, two] = [await openEventNumbers(ledger), await openEventNumbers(ledger)];
  t.equal(one.show(42), two.show(42));
  t.not(one.show(42), permutedNumbers(randomBytes(32)).show(42));
});
