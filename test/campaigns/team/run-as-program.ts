import type { Test } from 'tap';
import { standalone } from '../faults/matrix.ts';
import { removeAbandonedDatabases } from './abandoned.ts';

/** A kind of campaign. */
interface Kind<Campaign, Tally> {
  /** Returns undefined if a program is missing. */
  readonly run: (t: Test, campaign: Campaign, report: (line: string) => void) => Promise<Tally | undefined>;
  readonly tableOf: (tally: Tally) => string;
  readonly violationsOf: (tally: Tally) => string[];
  /** What it needs, for the message. */
  readonly needs: string;
}

/**
 * Runs a campaign whose size is the first argument, as JSON. Prints its progress, violations and figures, and sets the exit status. With `--clean`, only removes
 * what killed campaigns have left.
 */
export async function runAsProgram<Campaign extends { readonly seed: number }, Tally>({
  run,
  tableOf,
  violationsOf,
  needs,
}: Kind<Campaign, Tally>): Promise<void> {
  removeAbandonedDatabases();
  if (process.argv[2] === '--clean') process.exit();
  const campaign = JSON.parse(process.argv[2] ?? '') as Campaign;
  const started = performance.now();
  const minutes = (): string => ((performance.now() - started) / 60_000).toFixed(1);
  const alone = standalone();
  const stopping = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => {
        reject(new Error(`stopped by ${signal}`));
      });
  });
  try {
    const report = (line: string): void => {
      console.log(`${minutes()} min: ${line}`);
    };
    const tally = await Promise.race([stopping, run(alone.test, campaign, report)]);
    if (tally === undefined) throw new Error(`The campaign needs ${needs}.`);
    const violations = violationsOf(tally);
    for (const one of violations.slice(0, 100)) console.log(`WRONG ${one}`);
    console.log(tableOf(tally));
    process.exitCode = violations.length > 0 ? 1 : 0;
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  } finally {
    await alone.end();
  }
  console.log(`seed ${String(campaign.seed)}, ${minutes()} min`);
  process.exit();
}
