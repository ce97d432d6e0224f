import { Command } from 'commander';
import { addAudit } from './commands/audit.ts';
import { awsCredentials } from './commands/aws/aws-credentials.ts';
import { addCompletion } from './commands/completion.ts';
import { addComputeEnvironments } from './commands/compute-envs/compute-envs.ts';
import { addConfig } from './commands/config.ts';
import type { Context } from './context.ts';
import { addDaemon } from './commands/daemon.ts';
import { doctor, type DoctorOptions } from './commands/doctor.ts';
import { addIam } from './commands/aws/iam.ts';
import { print, printError, write, writeError } from './io/output.ts';
import { addRuns } from './commands/runs/runs.ts';
import { addSecrets } from './commands/secrets/secrets.ts';
import { status } from './commands/status.ts';
import { sweep } from './commands/sweep.ts';
import { addVault } from './commands/vault.ts';
import { addOrganizations, addWorkspaces } from './commands/workspaces.ts';
import { escapeLines } from '../system/escape-text.ts';

/** Builds every command. The arguments of `run` and `nextflow` are parsed elsewhere, not by commander. */
export function buildProgram(context: Context): Command {
  const program = new Command('nf-escrow')
    .description('Deliver secrets to Nextflow runs before they start, and remove every secret when they end.')
    .version(context.version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        write(escapeLines(text));
      },
      writeErr: writeError,
      outputError: (text) => {
        for (const line of errorLines(text)) printError(line);
      },
    })
    .showSuggestionAfterError()
    .hook('preAction', (_program, command) => {
      // Before any prompt or action. Doctor reports invalid settings as one of its checks.
      if (command.name() !== 'doctor') context.assertSettings();
    });
  program
    .command('run')
    .description('Run a pipeline with its secrets (see nf-escrow run --help)')
    .argument('[arguments...]');
  program
    .command('nextflow')
    .description('Run any nextflow command line; `nextflow run` gets its secrets')
    .argument('[arguments...]');
  program
    .command('shim')
    .argument('<DIR>')
    .description('Write a `nextflow` wrapper to DIR; runs that it starts get their secrets')
    .addHelpText('after', '\nExample: nf-escrow shim ~/escrow-bin && export PATH=~/escrow-bin:$PATH')
    .action(async (directory: string) => {
      const { writeShim } = await import('../nextflow/launcher/write-shim.ts');
      print(`Wrote ${writeShim(directory, context.program)}. Put its directory first on PATH.`);
    });
  program
    .command('status')
    .description('Show live runs, delivered secrets and pending removals')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow status')
    .action((options: { json?: boolean }) => status(context, options));
  program
    .command('doctor')
    .description('Check everything that a launch needs, and print a remedy for each failure')
    .option('--compute-env <NAME>', 'also check what this compute environment needs')
    .option('--probe', 'also submit a job there that reads a temporary secret')
    .option('--wait <SECONDS>', 'time limit of that job', '120')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow doctor --compute-env cluster --probe')
    .action((options: DoctorOptions) => doctor(context, options));
  program
    .command('sweep')
    .description('List what dead machines left in AWS, or remove it with --yes')
    .option('--compute-env <NAME>', 'compute environment (default: all that run on AWS)')
    .option('--yes', 'remove what is found')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow sweep --compute-env batch')
    .action((options: { computeEnv?: string; yes?: boolean; json?: boolean }) => sweep(context, options));
  program
    .command('aws-credentials', { hidden: true })
    .requiredOption('--compute-env <NAME>', 'compute environment whose role is assumed')
    .action((options: { computeEnv: string }) => awsCredentials(context, options.computeEnv));
  addSecrets(program, context);
  addRuns(program, context);
  addWorkspaces(program, context);
  addOrganizations(program, context);
  addComputeEnvironments(program, context);
  addConfig(program, context);
  addIam(program, context);
  addVault(program, context);
  addDaemon(program, context);
  addAudit(program, context);
  addCompletion(program);
  return program;
}

/** Commander's message quotes the command line, newlines included. Only commander's suggestion gets a line of its own. */
function errorLines(text: string): string[] {
  const [, message = text, suggestion] =
    /^error: (.*?)(?:\n(\(Did you mean [^\n]*\?\)))?\n$/s.exec(text) ?? [];
  return [`nf-escrow: ${message}`, ...(suggestion === undefined ? [] : [suggestion]), ...suggestRun(message)];
}

/** Suggests `run` for command lines such as `nf-escrow main.nf` and `nf-escrow nf-core/rnaseq`. */
function suggestRun(message: string): string[] {
  const [, name] = /unknown command '(.*(?:\.nf|\/.+))'/s.exec(message) ?? [];
  return name === undefined ? [] : [`           To run a pipeline: nf-escrow run ${name}`];
}
