import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import {
  concludePurge,
  concludeReceipt,
  describeExposures,
  showFile,
} from '../../../daemon/cli/commands/runs/describe-exposures.ts';
import type { ExposureSearch, Receipt } from '../../../daemon/contract/types.ts';
import { root } from '../../support/sandbox.ts';

const { examples } = JSON.parse(readFileSync(join(root, 'schemas/receipt.json'), 'utf8')) as {
  examples: [Receipt];
};
const [example] = examples;
const search: ExposureSearch = {
  ...{ by: 'plugin', complete: true, tasks: 1, files: 2, bytes: 2048, omitted: 0, gaps: [] },
};

void t.test('that values are exposed and that nothing is left are never said together', async () => {
  fc.assert(
    fc.property(
      fc.record({
        complete: fc.boolean(),
        exposures: fc.constantFrom([], example.exposures),
        search: fc.constantFrom(null, search, { ...search, complete: false }),
      }),
      (changes) => {
        const receipt: Receipt = { ...example, ...changes };
        const text = [...describeExposures(receipt), concludeReceipt(receipt)].join('\n');
        return (
          /^exposed/m.test(text) === receipt.exposures.length > 0 &&
          !(/^exposed/m.test(text) && /Nothing/.test(text))
        );
      },
    ),
  );
});

void t.test('nothing is left is said without more only of a run whose files were searched', async (t) => {
  const told = (changes: Partial<Receipt>): string =>
    concludeReceipt({ ...example, exposures: [], ...changes });
  t.equal(told({ search }), 'Nothing is left.');
  t.equal(told({ search: { ...search, complete: false } }), 'Nothing is left of what nf-escrow placed.');
  t.equal(told({ search: null }), 'Nothing is left of what nf-escrow placed.');
  t.equal(told({ search: null, run: { ...example.run, startedAt: null } }), 'Nothing is left.');
  t.equal(told({ search: null, run: { ...example.run, secrets: [] } }), 'Nothing is left.');
  t.match(told({ search, complete: false }), /^Something is left/);
  t.match(concludePurge(example.run), /^Nothing of run/);
  t.notMatch(concludePurge({ ...example.run, exposed: ['A_KEY'] }), /Nothing/);
});

void t.test('paths and names of others reach the terminal as text', async (t) => {
  t.equal(showFile('ab/cd/.command.out', '/work'), '/work/ab/cd/.command.out');
  t.equal(showFile('ab/cd/.command.out', null), 'ab/cd/.command.out');
  t.equal(
    showFile('/log\u001b]52;c;x\u0007\r\n\u202e', '/work'),
    '/log\\u001b]52;c;x\\u0007\\u000d\\u000a\\u202e',
  );
  const [exposure] = example.exposures;
  const hostile = {
    ...example,
    exposures: exposure && [{ ...exposure, process: 'P\u001b[2J', files: ['a\nb'] }],
  } as Receipt;
  const gap = { reason: 'not-plain', count: 1, example: 'x\u009b' } as const;
  const lines = describeExposures({ ...hostile, search: { ...search, complete: false, gaps: [gap] } });
  t.notOk(
    lines.some((line) => /[\p{Cc}\p{Cf}]/u.test(line)),
    lines.join('|'),
  );
});

void t.test('of many files some are shown, and how many more there are', async (t) => {
  const files = Array.from({ length: 1000 }, (_, index) => `ab/${String(index)}`);
  const [exposure] = example.exposures;
  const receipt = { ...example, exposures: exposure && [{ ...exposure, files, fileCount: 4000 }] } as Receipt;
  const lines = describeExposures(receipt);
  t.ok(lines.length < 40);
  t.ok(lines.includes('             and 3980 more'));
});
