import type { ComputeEnvironmentList, Leftovers } from '../contract/types.ts';
import type { Context } from './context.ts';
import { print, printJson, printTable } from './output.ts';

interface SweepOptions {
  readonly computeEnv?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** `nf-escrow sweep`: what dead machines left in AWS, of one compute environment or of all. Without --yes it only shows. */
export async function sweep(context: Context, options: SweepOptions): Promise<void> {
  const daemon = await context.daemon();
  const { computeEnvironments } = await daemon.call<ComputeEnvironmentList>('GET', '/v1/compute-envs');
  const names =
    options.computeEnv === undefined
      ? computeEnvironments.filter(({ platform }) => platform === 'aws-batch').map(({ name }) => name)
      : [options.computeEnv];
  const found = new Map<string, Leftovers['leftovers'][number]>();
  const query = options.yes === true ? '?remove=true' : '';
  for (const name of names) {
    const path = `/v1/compute-envs/${encodeURIComponent(name)}/sweep${query}`;
    const { leftovers } = await daemon.call<Leftovers>('POST', path);
    for (const one of leftovers) found.set(one.target, one); // environments may share an account
  }
  const leftovers = [...found.values()];
  if (options.json === true) printJson({ leftovers });
  else if (leftovers.length === 0) print('Nothing is left that nobody else removes.');
  else {
    printTable(
      ['WHAT', 'RUN', 'WHERE', 'WHY'],
      leftovers.map(({ kind, run, target, why }) => [kind, run, target, why]),
    );
    const count = String(leftovers.length);
    print(options.yes === true ? `Removed ${count}.` : `Nothing was removed; --yes removes these ${count}.`);
  }
}
