import { Command } from 'commander';
import { addAudit } from './commands/audit.ts';
import { awsCredentials } from './commands/aws-credentials.ts';
import { addCompletion } from './commands/completion.ts';
import { addComputeEnvironments } from './commands/compute-envs/compute-envs.ts';
import { addConfig } from './commands/config.ts';
import type { Context } from './context.ts';
import { addDaemon } from './commands/daemon.ts';
import { doctor, type DoctorOptions } from './commands/doctor.ts';
import { addIam } from './commands/iam.ts';
import { print, printError, write, writeError } from './io/output.ts';
import { addRuns } from './commands/runs/runs.ts';
import { addSecrets } from './commands/secrets/secrets.ts';
import { status } from './commands/status.ts';
import { sweep } from './commands/sweep.ts';
import { addVault } from './commands/vault.ts';
import { addOrganizations, addWorkspaces } from './commands/workspaces.ts';
import { escapeLines } from '../system/escape-text.ts';

/** Every command but `run` and `nextflow`, whose arguments are not commander's. */
export function buildProgram(context: Context): Command {
  const program = new Command('nf-escrow')
    .description(
      'Gives a Nextflow run its secrets before it starts and takes every one of them back when it ends.',
    )
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
      // Before anything is asked for or done. Doctor says of settings that cannot be used what else is wrong.
      if (command.name() !== 'doctor') context.assertSettings();
    });
  program
    .command('run')
    .description('run a pipeline with its secrets (nf-escrow run --help)')
    .argument('[arguments...]');
  program
    .command('nextflow')
    .description('any nextflow command line, with nothing of ours in it; runs get their secrets')
    .argument('[arguments...]');
  program
    .command('shim')
    .argument('<DIR>')
    .description('write a `nextflow` into DIR, for PATH: runs started by it get their secrets')
    .addHelpText('after', '\nExample: nf-escrow shim ~/escrow-bin && export PATH=~/escrow-bin:$PATH')
    .action(async (directory: string) => {
      const { writeShim } = await import('../nextflow/launcher/write-shim.ts');
      print(`Wrote ${writeShim(directory, context.program)}. Put its directory first on PATH.`);
    });
  program
    .command('status')
    .description('what runs, what is placed, what waits for removal')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample: nf-escrow status')
    .action((options: { json?: boolean }) => status(context, options));
  program
    .command('doctor')
    .description('everything that a launch needs, checked, each failure with its remedy')
    .option('--compute-env <NAME>', 'and everything that this one needs, of AWS too')
    .option('--probe', 'and have a job there read a throw-away secret')
    .option('--wait <SECONDS>', 'for that job', '120')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample: nf-escrow doctor --compute-env cluster --probe')
    .action((options: DoctorOptions) => doctor(context, options));
  program
    .command('sweep')
    .description('what dead machines left behind in AWS: shown; removed with --yes')
    .option('--compute-env <NAME>', 'of this one (default: of all that go to AWS)')
    .option('--yes', 'remove it')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample: nf-escrow sweep --compute-env batch')
    .action((options: { computeEnv?: string; yes?: boolean; json?: boolean }) => sweep(context, options));
  program
    .command('aws-credentials', { hidden: true })
    .requiredOption('--compute-env <NAME>', 'whose role is taken')
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

/** Commander's message quotes the command line, newlines included; of what it adds only the suggestion has its own line. */
function errorLines(text: string): string[] {
  const [, message = text, suggestion] =
    /^error: (.*?)(?:\n(\(Did you mean [^\n]*\?\)))?\n$/s.exec(text) ?? [];
  return [`nf-escrow: ${message}`, ...(suggestion === undefined ? [] : [suggestion]), ...runMeant(message)];
}

/** `nf-escrow main.nf` and `nf-escrow nf-core/rnaseq` are pipelines to run, and no commands. */
function runMeant(message: string): string[] {
  const [, name] = /unknown command '(.*(?:\.nf|\/.+))'/s.exec(message) ?? [];
  return name === undefined ? [] : [`           To run a pipeline: nf-escrow run ${name}`];
}
