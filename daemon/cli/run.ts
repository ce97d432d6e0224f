import { identifySelf } from '../client/launcher.ts';
import { runInForeground } from '../client/foreground.ts';
import type { Client } from '../client/client.ts';
import type { Plan, Run, RunRequest, RunStart } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import type { Context } from './context.ts';
import { print, printJson, printTable } from './output.ts';
import { splitRunOptions } from './run-options.ts';

const HELP = `Usage: nf-escrow run [options] PIPELINE [nextflow run options and parameters]

Runs a pipeline as \`nextflow run\` does, with the secrets it may have; takes them back when it ends.

Options of nf-escrow come first; everything after them is Nextflow's.
  --workspace ORG/NAME     the workspace whose secrets it may have (default: local/main)
  --only-secret NAME       give it this secret alone (repeatable)
  --user-secret NAME       as --only-secret, your own one
  --workspace-secret NAME  as --only-secret, the workspace's one
  --no-secrets             give it none
  --explain                show what it would be given, and stop
  --json                   with --explain: as JSON
  --nextflow PATH          the nextflow to start

Example: nf-escrow run --only-secret DB_PASSWORD main.nf --input samples.csv -profile cluster`;

/** `nf-escrow run`: gives Nextflow's own exit status. */
export async function run(context: Context, argv: readonly string[]): Promise<number> {
  const options = splitRunOptions(argv);
  if (options.help) {
    print(HELP);
    return 0;
  }
  const { findNextflow, findLocalStore, arrange } = await context.nextflow();
  const { arguments: args, background } = arrange(options.rest);
  const request: RunRequest = {
    workspace: options.workspace ?? context.settings.workspace,
    selection: options.selection,
    explain: options.explain,
    launchDirectory: process.cwd(),
    nextflow: findNextflow(options.nextflow ?? context.settings.nextflow, process.env),
    arguments: args,
    localStore: findLocalStore(process.env),
    launcher: identifySelf(),
  };
  const daemon = await context.daemon();
  const answer = await daemon.call<RunStart>('POST', '/v1/runs', request);
  if (options.explain) {
    if (options.json) printJson(answer.plan);
    else explain(answer.plan);
    return 0;
  }
  if (answer.start === undefined || answer.run === undefined)
    throw new EscrowError('internal', 'The daemon planned a run and did not place it.');
  const status = await runInForeground(answer.start);
  const ended = background ? undefined : await settle(context, answer.run.id);
  return status ?? ended?.exitStatus ?? (ended?.outcome === 'succeeded' ? 0 : 1);
}

/**
 * Has the daemon look now, instead of when it next would. Whatever it answers, Nextflow's status stands; what is still
 * to be removed is said and tried again later.
 */
async function settle(context: Context, id: string): Promise<Run | undefined> {
  try {
    const daemon: Client = await context.daemon();
    const run = await daemon.call<Run>('POST', `/v1/runs/${id}/purge`);
    if (run.pendingRemovals > 0)
      warn(
        `not all that was placed for run ${id} could be removed yet; it is tried again. See: nf-escrow status`,
      );
    return run;
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown';
    warn(
      `what was placed for run ${id} may not be all removed yet: ${why} The next nf-escrow command finishes it.`,
    );
    return undefined;
  }
}

function warn(text: string): void {
  process.stderr.write(`nf-escrow: ${text}\n`);
}

function explain(plan: Plan): void {
  print(`workspace    ${plan.workspace}`);
  print(`goes to      ${plan.computeEnvironment}`);
  print(`placed in    ${plan.destination ?? 'nothing: there is no secret to place'}`);
  if (plan.secrets.length === 0) return;
  print('');
  printTable(
    ['SECRET', 'FROM', 'VERSION', 'OVERRIDES'],
    plan.secrets.map(({ name, scope, version, overrides }) => [
      name,
      scope,
      String(version ?? '-'),
      overrides.join(', ') || '-',
    ]),
  );
}
