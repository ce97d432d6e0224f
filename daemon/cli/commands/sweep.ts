import { readComputeEnvironments } from '../../api-client/read-compute-environments.ts';
import type { Leftovers } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import type { Context } from '../context.ts';
import { print, printJson, warn } from '../io/output.ts';
import { printReportTable } from '../io/table.ts';

interface SweepOptions {
  readonly computeEnv?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/**
 * Implements `nf-escrow sweep`: lists what dead machines left in AWS, for one compute environment or all; removes it with
 * --yes. Reports each failed query and removal, continues with the rest, and sets exit status 1.
 */
export async function sweep(context: Context, options: SweepOptions): Promise<void> {
  const daemon = await context.daemon();
  const computeEnvironments = await readComputeEnvironments(daemon);
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
    if (trouble !== undefined) complain(`kept ${target}: ${trouble}`);
  if (options.json === true) printJson({ leftovers });
  else await show(leftovers, options.yes === true);
}

async function show(leftovers: Leftovers['leftovers'], isRemoval: boolean): Promise<void> {
  if (leftovers.length === 0) {
    print(
      process.exitCode === 1 ? 'Found nothing, but not everything could be searched.' : 'Nothing to remove.',
    );
    return;
  }
  await printReportTable(
    ['KIND', { title: 'RUN', is: 'run' }, { title: 'TARGET', is: 'path' }, { title: 'REASON', is: 'long' }],
    leftovers.map(({ kind, run, target, reason: why }) => [kind, run, target, why]),
  );
  const removable = leftovers.filter((one) => one.removable).length;
  const count = String(removable);
  const removed = leftovers.filter((one) => one.removed).length;
  if (!isRemoval)
    print(
      `Removed nothing. To remove ${removable === leftovers.length ? `these ${count}` : `${count} of these`}, add --yes.`,
    );
  else print(removed === removable ? `Removed ${count}.` : `Removed ${String(removed)} of ${count}.`);
  if (removable < leftovers.length)
    print(
      'The others are kept. Check them with `aws secretsmanager describe-secret`, and delete them there if they are yours.',
    );
}

function complain(text: string): void {
  warn(text);
  process.exitCode = 1;
}
