import type { RunRequest, Selection } from '../../contract/types.ts';
import type { Context, NextflowKnowledge } from '../context.ts';
import { launch } from './launch.ts';
import { print } from '../io/output.ts';
import { completeForAws } from './run-on-aws.ts';
import { splitRunOptions } from './run-options.ts';

const HELP = `Usage: nf-escrow run [options] PIPELINE [nextflow run options and parameters]

Runs a pipeline as \`nextflow run\` does, with the secrets it may have; takes them back when it ends.

Options of nf-escrow come first; everything after them is Nextflow's.
  --workspace ORG/NAME     the workspace whose secrets it may have (default: see nf-escrow use)
  --compute-env NAME       where it goes (default: see nf-escrow compute-envs list)
  --only-secret NAME       give it this secret alone (repeatable)
  --user-secret NAME       as --only-secret, your own one
  --workspace-secret NAME  as --only-secret, the workspace's one
  --no-secrets             give it none
  --detach                 start it and return; its output is shown by nf-escrow runs logs
  --explain                show what it would be given, and stop
  --json                   with --explain or --detach: as JSON
  --nextflow PATH          the nextflow to start

Example: nf-escrow run --only-secret DB_PASSWORD main.nf --input samples.csv -profile cluster`;

/** `nf-escrow run`: gives Nextflow's own exit status. */
export async function run(context: Context, argv: readonly string[]): Promise<number> {
  const options = splitRunOptions(argv);
  if (options.help) {
    print(HELP);
    return 0;
  }
  const knowledge = await context.nextflow();
  const { arguments: args, background } = knowledge.arrange(options.rest);
  const request: RunRequest = {
    ...requestOf(context, knowledge, args, options.nextflow),
    ...(options.workspace === undefined ? {} : { workspace: options.workspace }),
    ...(options.computeEnvironment === undefined ? {} : { computeEnvironment: options.computeEnvironment }),
    selection: options.selection,
    explain: options.explain,
    detach: options.detach,
  };
  const complete = await completeForAws(context, request);
  return launch(context, complete, { background, json: options.json });
}

/** `nf-escrow nextflow`: nothing in the arguments is ours. Gives nextflow's own exit status. */
export async function nextflow(context: Context, args: readonly string[]): Promise<number> {
  const knowledge = await context.nextflow();
  const line = knowledge.readCommandLine(args);
  if (line !== undefined) {
    const request = await completeForAws(context, requestOf(context, knowledge, line.arguments, undefined));
    return launch(context, request, { background: line.background, json: false });
  }
  const { handOver } = await import('./run-program.ts');
  return handOver(knowledge.findNextflow(context.settings.nextflow, process.env), args);
}

/** What of a request comes from where the command is started. */
function requestOf(
  { settings }: Context,
  { findNextflow, findLocalStore, chooseCarrier, expectedLog, identifySelf, jobOf }: NextflowKnowledge,
  args: readonly string[],
  named: string | undefined,
): RunRequest & { selection: Selection } {
  const launchDirectory = process.cwd();
  const nextflow = findNextflow(named ?? settings.nextflow, process.env);
  const job = jobOf(process.env);
  return {
    workspace: settings.workspace,
    ...(settings.computeEnvironment === undefined ? {} : { computeEnvironment: settings.computeEnvironment }),
    selection: {},
    launchDirectory,
    nextflow,
    arguments: [...args],
    localStore: findLocalStore(process.env),
    carrier: chooseCarrier({
      nextflow,
      arguments: args,
      directory: launchDirectory,
      state: settings.paths.state,
      env: process.env,
    }),
    logFile: expectedLog(launchDirectory, args, process.env),
    launcher: identifySelf(),
    ...(job === undefined ? {} : { job }),
  };
}
