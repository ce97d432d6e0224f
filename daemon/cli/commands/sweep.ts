import type { ComputeEnvironmentList, Leftovers } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import type { Context } from '../context.ts';
import { print, printJson, printTable, warn } from '../io/output.ts';

interface SweepOptions {
  readonly computeEnv?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/**
 * `nf-escrow sweep`: what dead machines left in AWS, of one compute environment or of all. Without --yes it only shows.
 * An environment that cannot be asked, and what cannot be removed, are told, and the rest goes on: the exit status is 1.
 */
export async function sweep(context: Context, options: SweepOptions): Promise<void> {
  const daemon = await context.daemon();
  const { computeEnvironments } = await daemon.call<ComputeEnvironmentList>('GET', '/v1/compute-envs');
  const names =
    options.computeEnv === undefined ? computeEnvironments.map(({ name }) => name) : [options.computeEnv];
  const found = new Map<string, Leftovers['leftovers'][number]>();
  const query = options.yes === true ? '?remove=true' : '';
  for (const name of names) {
    const path = `/v1/compute-envs/${encodeURIComponent(name)}/sweep${query}`;
    try {
      const { leftovers } = await daemon.call<Leftovers>('POST', path);
      for (const one of leftovers) found.set(one.target, one); // environments may share an account
    } catch (error) {
      if (options.computeEnv !== undefined || !(error instanceof EscrowError)) throw error;
      complain(`${name}: ${error.message}`);
    }
  }
  const leftovers = [...found.values()];
  for (const { target, error: trouble } of leftovers)
    if (trouble !== undefined) complain(`${target} stays. ${trouble}`);
  if (options.json === true) printJson({ leftovers });
  else show(leftovers, options.yes === true);
}

function show(leftovers: Leftovers['leftovers'], isRemoval: boolean): void {
  if (leftovers.length === 0) {
    print(process.exitCode === 1 ? 'Nothing was found.' : 'Nothing is left that nobody else removes.');
    return;
  }
  printTable(
    ['WHAT', 'RUN', 'WHERE', 'WHY'],
    leftovers.map(({ kind, run, target, reason: why }) => [kind, run, target, why]),
  );
  const count = String(leftovers.length);
  const removed = leftovers.filter((one) => one.removed).length;
  if (!isRemoval) print(`Nothing was removed; --yes removes these ${count}.`);
  else print(removed === leftovers.length ? `Removed ${count}.` : `Removed ${String(removed)} of ${count}.`);
}

function complain(text: string): void {
  warn(text);
  process.exitCode = 1;
}
