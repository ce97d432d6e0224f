import t, { type Test } from 'tap';
import type { StrictAws } from './strict-aws.ts';
import { startAws, startOver } from './test-aws.ts';

let shared: Promise<StrictAws | undefined> | undefined;

/**
 * Defines a test with a fake AWS that is reset to just the job queue. The tests of a file share it. Skipped without
 * moto.
 */
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
