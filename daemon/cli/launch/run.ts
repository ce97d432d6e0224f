import { statSync } from 'node:fs';
import type { RunRequest } from '../../contract/types.ts';
import type { Context } from '../context.ts';
import { loadNextflowModules, type NextflowModules } from './nextflow-modules.ts';
import { launch } from './launch.ts';
import { printLines } from '../io/output.ts';
import type { BuiltRequest } from './built-request.ts';
import { prepareForPlatform } from './prepare-for-platform.ts';
import { splitRunOptions } from './run-options.ts';

const HELP = `Usage: nf-escrow run [options] PIPELINE [nextflow run options and parameters]

Run a pipeline like \`nextflow run\`, with secrets that are removed when it ends.

Options of nf-escrow come first. All arguments after them are passed to Nextflow.
  --workspace ORG/NAME     workspace whose secrets the run gets (default: see nf-escrow use)
  --compute-env NAME       compute environment (default: see nf-escrow compute-envs list)
  --only-secret NAME       deliver only this secret (repeatable)
  --user-secret NAME       like --only-secret, but always your own secret
  --workspace-secret NAME  like --only-secret, but always the workspace's secret
  --no-secrets             deliver no secrets
  --detach                 start the run and return; see its output with nf-escrow runs logs
  --explain                show the plan of the run without starting it
  --json                   JSON output, with --explain or --detach
  --nextflow PATH          nextflow program to start

Example: nf-escrow run --only-secret DB_PASSWORD main.nf --input samples.csv -profile cluster`;

/** Implements `nf-escrow run`. Returns Nextflow's exit status. */
export async function run(context: Context, argv: readonly string[]): Promise<number> {
  const options = splitRunOptions(argv);
  if (options.help) {
    printLines(HELP);
    return 0;
  }
  const modules = await loadNextflowModules();
  const { arguments: args, background } = modules.buildRunArguments(options.rest);
  const nextflow = modules.findNextflow(options.nextflow ?? context.settings.nextflow, process.env);
  const own = {
    ...(options.workspace === undefined ? {} : { workspace: options.workspace }),
    ...(options.computeEnvironment === undefined ? {} : { computeEnvironment: options.computeEnvironment }),
    selection: options.selection,
    explain: options.explain,
    detach: options.detach,
  };
  const built = await prepareForPlatform(context, () => buildRequest(context, modules, args, nextflow, own));
  return launch(context, modules.examineExecuted(context, built), { background, json: options.json });
}

/** Implements `nf-escrow nextflow`, which has no options of its own. Returns Nextflow's exit status. */
export async function nextflow(context: Context, args: readonly string[]): Promise<number> {
  const modules = await loadNextflowModules();
  const nextflow = modules.findNextflow(context.settings.nextflow, process.env);
  const line = modules.readCommandLine(args, isFile);
  if (line !== undefined) {
    const build = (): BuiltRequest => buildRequest(context, modules, line.arguments, nextflow);
    const request = modules.examineExecuted(context, await prepareForPlatform(context, build));
    return launch(context, request, { background: line.background, json: false });
  }
  const { runProgram: handOver } = await import('./run-program.ts');
  return handOver(nextflow, args);
}

/** Builds a request from the caller's directory and environment. `own`: what our options say. */
function buildRequest(
  { settings }: Context,
  {
    findLocalStore,
    chooseSecretDelivery,
    expectedLog,
    readLauncher,
    identifySelf,
    enclosingJob,
  }: NextflowModules,
  args: readonly string[],
  nextflow: string,
  own: Partial<RunRequest> = {},
): BuiltRequest {
  const launchDirectory = process.cwd();
  const job = enclosingJob(process.env);
  const launcher = readLauncher(nextflow, process.env);
  const request: RunRequest = {
    workspace: settings.workspace,
    ...(settings.computeEnvironment === undefined ? {} : { computeEnvironment: settings.computeEnvironment }),
    selection: {},
    launchDirectory,
    nextflow,
    arguments: [...args],
    localStore: findLocalStore(process.env),
    secretDelivery: chooseSecretDelivery({
      nextflow,
      launcher,
      arguments: args,
      directory: launchDirectory,
      state: settings.paths.state,
      env: process.env,
    }),
    logFile: expectedLog(launchDirectory, args, process.env),
    launcher: identifySelf(),
    ...(job === undefined ? {} : { enclosingJob: job }),
    ...own,
  };
  return { request, launcher };
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
