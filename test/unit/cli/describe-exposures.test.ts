import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { concludePurge, concludeReceipt } from '../../../daemon/cli/commands/runs/conclusions.ts';
import { describeExposures, showFile } from '../../../daemon/cli/commands/runs/describe-exposures.ts';
import { describeRemoval } from '../../../daemon/cli/commands/runs/describe-removal.ts';
import type { ExposureSearch, Receipt } from '../../../daemon/contract/types.ts';
import { concludeRemoval } from '../../../daemon/runs/records/receipt.ts';
import { root } from '../../support/sandbox.ts';

const { examples } = JSON.parse(readFileSync(join(root, 'schemas/receipt.json'), 'utf8')) as {
  examples: [Receipt];
};
const [example] = examples;
const search: ExposureSearch = {
  ...{ by: 'plugin', complete: true, tasks: 1, files: 2, bytes: 2048, omitted: 0, gaps: [] },
};

const [lease] = example.leases;
if (lease === undefined) throw new Error('the example has no lease');

/** Returns a receipt like the daemon's. */
function receiptWith(changes: Partial<Receipt>): Receipt {
  const receipt = { ...example, ...changes };
  return { ...receipt, conclusion: concludeRemoval(receipt) };
}

void t.test('never says that nothing is left if values are exposed', async () => {
  fc.assert(
    fc.property(
      fc.record({
        leases: fc.array(
          fc
            .constantFrom('placed' as const, 'removing' as const, 'gone' as const, 'unverified' as const)
            .map((state) => ({ ...lease, state })),
        ),
        exposures: fc.constantFrom([], example.exposures),
        search: fc.constantFrom(null, search, { ...search, complete: false }),
      }),
      (changes) => {
        const receipt = receiptWith(changes);
        const text = [...describeExposures(receipt), concludeReceipt(receipt)].join('\n');
        const isOpen = changes.leases.some(({ state }) => state !== 'gone');
        return (
          /^exposed/m.test(text) === receipt.exposures.length > 0 &&
          !(/^exposed/m.test(text) && /Nothing/.test(text)) &&
          !(isOpen && /Nothing|removed everything/.test(text))
        );
      },
    ),
  );
});

void t.test(
  'says that nothing is left without restriction only if the files of the run were searched',
  async (t) => {
    const conclude = (changes: Partial<Receipt>): string =>
      concludeReceipt(receiptWith({ exposures: [], ...changes }));
    t.equal(conclude({ search }), 'Nothing is left.');
    t.equal(
      conclude({ search: { ...search, complete: false } }),
      'Nothing that nf-escrow delivered is left.',
    );
    t.equal(conclude({ search: null }), 'Nothing that nf-escrow delivered is left.');
    t.equal(conclude({ search: null, run: { ...example.run, startedAt: null } }), 'Nothing is left.');
    t.equal(conclude({ search: null, run: { ...example.run, secrets: [] } }), 'Nothing is left.');
    t.match(
      conclude({ search, leases: [{ ...lease, state: 'removing' }] }),
      /^Not everything is removed yet/,
    );
    t.match(conclude({ search, leases: [{ ...lease, state: 'unverified' }] }), /^Not verified/);
    t.match(concludePurge(example.run), /^Nothing of run/);
    t.notMatch(concludePurge({ ...example.run, exposed: ['A_KEY'] }), /Nothing/);
    t.notMatch(concludePurge({ ...example.run, removalNotes: ['A_KEY: not verified'] }), /Nothing/);
  },
);

void t.test('reports what happened to each file with values', async (t) => {
  const file = { file: 'secrets/A_KEY', secrets: ['A_KEY'], links: 0, replaced: false, movedTo: null };
  const removal = {
    files: [
      { ...file, result: 'erased' as const },
      { ...file, secrets: ['B_KEY'], result: 'not-verified' as const },
    ],
    notes: ['B_KEY: not verified'],
  };
  t.same(describeRemoval({ ...lease, removal }), [
    'erased       A_KEY',
    'not verified B_KEY',
    'note         B_KEY: not verified',
  ]);
  t.same(describeRemoval(lease), []);
});

void t.test('escapes paths and names in exposures', async (t) => {
  t.equal(showFile('ab/cd/.command.out', '/work'), '/work/ab/cd/.command.out');
  t.equal(showFile('ab/cd/.command.out', null), 'ab/cd/.command.out');
  t.equal(
    showFile('/log\u001b]52;c;x\u0007\r\n\u202e', '/work'),
    '/log\\u001b]52;c;x\\u0007\\u000d\\u000a\\u202e',
  );
  const [exposure] = example.exposures;
  const hostile = {
    ...example,
    exposures: exposure && [
      { ...exposure, process: 'P\u001b[2J', findings: [{ file: 'a\nb', task: null, encodings: ['base64'] }] },
    ],
  } as Receipt;
  const gap = { reason: 'not-plain', count: 1, example: 'x\u009b' } as const;
  const lines = describeExposures({ ...hostile, search: { ...search, complete: false, gaps: [gap] } });
  t.notOk(
    lines.some((line) => /[\p{Cc}\p{Cf}]/u.test(line)),
    lines.join('|'),
  );
});

void t.test('shows some of many files, and the number of the others', async (t) => {
  const findings = Array.from({ length: 1000 }, (_, index) => ({
    file: `ab/${String(index)}`,
    task: null,
    encodings: ['plain'],
  }));
  const [exposure] = example.exposures;
  const receipt = {
    ...example,
    exposures: exposure && [{ ...exposure, findings, fileCount: 4000 }],
  } as Receipt;
  const lines = describeExposures(receipt);
  t.ok(lines.length < 40);
  t.ok(lines.includes('             and 3980 more'));
});
