import { Command } from 'commander';
import { EscrowError } from '../errors.ts';
import { cancelRun, listRuns, purgeRun, showReceipt, showRun, status } from './runs.ts';
import { daemonStatus, startDaemon, stopDaemon } from './daemon.ts';
import { listSecrets, removeSecrets, setSecret, showSecret, type ScopeOptions } from './secrets.ts';
import type { Context } from './context.ts';

interface Json {
  readonly json?: boolean;
}

/** Every command but `run`, whose arguments are split by ourselves. */
export function buildProgram(context: Context): Command {
  const program = new Command('nf-escrow')
    .description(
      'Gives a Nextflow run its secrets before it starts and takes every one of them back when it ends.',
    )
    .version(context.version)
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => {
        write(text.replace(/^error: /, 'nf-escrow: '));
      },
    })
    .showSuggestionAfterError();
  program
    .command('run')
    .description('run a pipeline with its secrets (nf-escrow run --help)')
    .argument('[arguments...]');
  program
    .command('status')
    .description('what runs, what is placed, what waits for removal')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample: nf-escrow status')
    .action((options: Json) => status(context, options));
  addSecrets(program, context);
  addRuns(program, context);
  addDaemon(program, context);
  return program;
}

function addSecrets(program: Command, context: Context): void {
  const secrets = program
    .command('secrets')
    .description('set, list and remove secrets; a value is never shown');
  const scoped = (command: Command): Command =>
    command
      .option('--workspace <ORG/NAME>', 'the workspace (default: local/main)')
      .option('--user', "your own, which override the workspace's");
  scoped(secrets.command('set').argument('<NAME>'))
    .description('set a secret: hidden prompt on a terminal, else standard input, byte for byte')
    .option('--from-file <FILE>', 'read the value from a file, byte for byte')
    .addHelpText('after', '\nExample: nf-escrow secrets set DB_PASSWORD --user')
    .action((name: string, options: ScopeOptions & { fromFile?: string }) =>
      setSecret(context, name, options),
    )
    .allowExcessArguments()
    .hook('preAction', (command) => {
      if (command.args.length > 1) throw valueAsArgument();
    });
  scoped(secrets.command('list').alias('ls'))
    .description('names, versions, last use')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample: nf-escrow secrets list --json')
    .action((options: ScopeOptions & Json) => listSecrets(context, options));
  scoped(secrets.command('show').argument('<NAME>'))
    .description('what is known of one secret')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample: nf-escrow secrets show DB_PASSWORD')
    .action((name: string, options: ScopeOptions & Json) => showSecret(context, name, options));
  scoped(secrets.command('remove').aliases(['rm', 'delete']).argument('<NAME...>'))
    .description('remove secrets')
    .addHelpText('after', '\nExample: nf-escrow secrets remove DB_PASSWORD')
    .action((names: string[], options: ScopeOptions) => removeSecrets(context, names, options));
}

/** It is in the shell's history and was in the list of processes: that has to be said, and it must not be used. */
function valueAsArgument(): EscrowError {
  return new EscrowError(
    'usage',
    'A value is never an argument: others could have seen it, and your shell keeps it.',
    {
      hint: 'Nothing was set. Say only the name, and give the value at the prompt or on standard input.',
    },
  );
}

function addRuns(program: Command, context: Context): void {
  const runs = program
    .command('runs')
    .description("look at runs; RUN is an id, the beginning of one, or Nextflow's run name");
  runs
    .command('list')
    .alias('ls')
    .description('newest first')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample: nf-escrow runs list')
    .action((options: Json) => listRuns(context, options));
  runs
    .command('show')
    .argument('<RUN>')
    .description('one run')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample: nf-escrow runs show happy_euler')
    .action((run: string, options: Json) => showRun(context, run, options));
  runs
    .command('receipt')
    .argument('<RUN>')
    .description('what was placed, when it went, how that was checked')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample: nf-escrow runs receipt happy_euler')
    .action((run: string, options: Json) => showReceipt(context, run, options));
  runs
    .command('cancel')
    .argument('<RUN>')
    .description('ask a run to end, as Ctrl-C does')
    .addHelpText('after', '\nExample: nf-escrow runs cancel happy_euler')
    .action((run: string) => cancelRun(context, run));
  runs
    .command('purge')
    .argument('<RUN>')
    .description('remove now what is left of a run that is over')
    .option('--force', 'even if it is alive: its secrets are taken from it')
    .option('--yes', 'do not ask')
    .addHelpText('after', '\nExample: nf-escrow runs purge happy_euler')
    .action((run: string, options: { force?: boolean; yes?: boolean }) => purgeRun(context, run, options));
}

function addDaemon(program: Command, context: Context): void {
  const daemon = program
    .command('daemon')
    .description('the process that places, watches and removes; started when needed');
  daemon
    .command('start')
    .description('start it now')
    .addHelpText('after', '\nExample: nf-escrow daemon start')
    .action(() => startDaemon(context));
  daemon
    .command('stop')
    .description('end it; runs go on')
    .addHelpText('after', '\nExample: nf-escrow daemon stop')
    .action(() => stopDaemon(context));
  daemon
    .command('status')
    .description('whether it runs')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample: nf-escrow daemon status')
    .action((options: Json) => daemonStatus(context, options));
  daemon.command('run', { hidden: true }).action(() => context.serve());
}
