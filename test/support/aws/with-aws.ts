import t, { type Test } from 'tap';
import type { StrictAws } from './strict-aws.ts';
import { startAws, startOver } from './test-aws.ts';

let shared: Promise<StrictAws | undefined> | undefined;

/** A test with an AWS that all of its file share, and that has nothing in it but the queue; skipped aloud without moto. */
export function withAws(
  title: string,
  body: (t: Test, aws: StrictAws) => Promise<void>,
  { skip = false }: { readonly skip?: string | false } = {},
): void {
  void t.test(title, { skip }, async (inner) => {
    const aws = await (shared ??= startAws(t));
    if (aws !== undefined) await body(inner, await startOver(aws));
  });
}
