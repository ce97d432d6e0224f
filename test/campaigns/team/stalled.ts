import { until } from '../../support/sandbox.ts';

/** A campaign that delivers nothing for this time fails. */
const STALL_MS = 10 * 60_000;

/** Rejects if nothing was delivered for a long time. Resolves when `at` is infinite. */
export async function stalled(progress: { readonly at: number; readonly delivered: number }): Promise<void> {
  await until(
    'the end of the campaign',
    () => {
      if (performance.now() - progress.at > STALL_MS)
        throw new Error(`nothing was delivered for 10 minutes, after ${String(progress.delivered)} releases`);
      return progress.at === Infinity;
    },
    24 * 3_600_000,
  );
}
