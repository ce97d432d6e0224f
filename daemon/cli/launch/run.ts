import { statSync } from 'node:fs';
import { buildRequest } from '../../launch/build-request.ts';
import type { BuiltRequest } from '../../launch/built-request.ts';
import { loadNextflowModules } from '../../launch/nextflow-modules.ts';
import type { Context } from '../context.ts';
import { buildForPlatform } from './build-for-platform.ts';
import { launch } from './launch.ts';
import { printLines, warn } from '../io/output.ts';
import { RUN_HELP } from './run-help.ts';
import { splitRunOptions } from './run-options.ts';

/** Implements `nf-escrow run`. Returns Nextflow's exit status. */
export async function run(context: Context, argv: readonly string[]): Promise<number> {
  const options = splitRunOptions(argv);
  if (options.help) {
    printLines(RUN_HELP);
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
  const built = await buildForPlatform(
    context,
    () => buildRequest(context, modules, args, nextflow, own),
    own,
  );
  return launch(context, modules.examineExecuted(context, built), { background, json: options.json });
}

/**
 * Implements `nf-escrow nextflow`, which accepts no options of nf-escrow. A command that evaluates a pipeline or its
 * configuration can read the secrets of the pipeline until it ends. Returns Nextflow's exit status.
 */
export async function nextflow(context: Context, args: readonly string[]): Promise<number> {
  const modules = await loadNextflowModules();
  const nextflow = modules.findNextflow(context.settings.nextflow, process.env);
  const line = modules.readCommandLine(args, isFile);
  if (line !== undefined) {
    const own = line.command === 'run' ? {} : { command: line.command };
    const build = (): Promise<BuiltRequest> => buildRequest(context, modules, line.arguments, nextflow, own);
    const request = modules.examineExecuted(context, await buildForPlatform(context, build));
    return launch(context, request, { background: line.background, json: false });
  }
  const [{ runProgram }, { explainFailedStart }] = await Promise.all([
    import('./run-program.ts'),
    import('./explain-failed-start.ts'),
  ]);
  const status = await runProgram(nextflow, args);
  const why = explainFailedStart(status, process.env);
  if (why !== undefined) warn(why);
  return status;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
