import type { Command } from 'commander';
import type { Context } from './context.ts';
import { EscrowCommand } from './escrow-command.ts';
import { print, write, writeError } from './io/output.ts';
import { inTermsOf } from './name-options.ts';
import type { DoctorOptions } from './commands/doctor.ts';
import { escapeLines } from '../system/escape-text.ts';

type Add = (program: Command, context: Context) => void;

interface Group {
  /** The names of its commands. */
  readonly names: readonly string[];
  readonly load: () => Promise<Add>;
}

/** Every command in the order of the help. Each is loaded when it is needed. */
const groups: readonly Group[] = [
  {
    names: ['run', 'nextflow', 'shim', 'status', 'doctor', 'sweep', 'aws-credentials'],
    load: () => Promise.resolve(addOwn),
  },
  { names: ['secrets'], load: async () => (await import('./commands/secrets/secrets.ts')).addSecrets },
  { names: ['runs'], load: async () => (await import('./commands/runs/runs.ts')).addRuns },
  { names: ['workspaces'], load: async () => (await import('./commands/workspaces.ts')).addWorkspaces },
  { names: ['orgs'], load: async () => (await import('./commands/organizations.ts')).addOrganizations },
  { names: ['members'], load: async () => (await import('./commands/team/members.ts')).addMembers },
  {
    names: ['service-accounts'],
    load: async () => (await import('./commands/team/service-accounts.ts')).addServiceAccounts,
  },
  { names: ['tokens'], load: async () => (await import('./commands/team/tokens.ts')).addTokens },
  { names: ['releases'], load: async () => (await import('./commands/team/releases.ts')).addReleases },
  { names: ['users'], load: async () => (await import('./commands/team/users.ts')).addUsers },
  {
    names: ['compute-envs'],
    load: async () => (await import('./commands/compute-envs/compute-envs.ts')).addComputeEnvironments,
  },
  { names: ['config', 'use'], load: async () => (await import('./commands/config.ts')).addConfig },
  { names: ['iam'], load: async () => (await import('./commands/aws/iam.ts')).addIam },
  { names: ['vault'], load: async () => (await import('./commands/vault.ts')).addVault },
  { names: ['daemon'], load: async () => (await import('./commands/daemon.ts')).addDaemon },
  { names: ['uninstall'], load: async () => (await import('./commands/uninstall.ts')).addUninstall },
  {
    names: ['dashboard'],
    load: async () => (await import('./commands/dashboard/dashboard.ts')).addDashboard,
  },
  {
    names: ['login', 'logout', 'whoami'],
    load: async () => (await import('./commands/servers/login.ts')).addLogin,
  },
  { names: ['serve'], load: async () => (await import('./commands/server/serve.ts')).addServe },
  { names: ['audit'], load: async () => (await import('./commands/audit.ts')).addAudit },
  { names: ['completion'], load: async () => (await import('./commands/completion.ts')).addCompletion },
];

/**
 * Builds the program with the command that a command line names. Builds all commands for help and for an unknown name.
 */
export async function buildProgram(context: Context, args: readonly string[] = []): Promise<Command> {
  const named = groups.find(({ names }) => names.includes(args[0] ?? ''));
  const program = emptyProgram(context);
  for (const { load } of named === undefined ? groups : [named]) (await load())(program, context);
  return program;
}

/** Builds and runs a command. Its errors name options and arguments as the user wrote them. */
export async function runProgram(context: Context, args: readonly string[]): Promise<void> {
  let failing: Command | undefined;
  const program = await buildProgram(context, args);
  program.hook('preAction', (_program, command) => {
    failing = command;
  });
  try {
    await program.parseAsync(withoutHelpOfUnknown(program, args), { from: 'user' });
  } catch (error) {
    throw failing === undefined ? error : inTermsOf(failing, error);
  }
}

/** Removes --help after an unknown command. Commander would print the help of the program and exit with 0. */
function withoutHelpOfUnknown(program: Command, args: readonly string[]): readonly string[] {
  let command = program;
  for (const word of args) {
    if (word.startsWith('-') || command.commands.length === 0) return args;
    const next = command.commands.find((each) => each.name() === word || each.aliases().includes(word));
    if (next === undefined && word !== 'help') return args.filter((each) => !['--help', '-h'].includes(each));
    command = next ?? command;
  }
  return args;
}

function emptyProgram(context: Context): Command {
  return new EscrowCommand('nf-escrow')
    .description('Deliver secrets to Nextflow runs before they start, and remove every secret when they end.')
    .version(context.version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        write(escapeLines(text));
      },
      writeErr: writeError,
    })
    .showSuggestionAfterError(false)
    .helpCommand('help [command...]', 'Show the help of a command')
    .addHelpText('after', '\nExample: nf-escrow run main.nf\nMore examples: nf-escrow help run')
    .hook('preAction', (_program, command) => {
      // Before any prompt or action. Doctor reports invalid settings as one of its checks, and `config` corrects them. A server
      // has a separate configuration, and its account may have no home.
      const names = [command.name(), command.parent?.name()];
      if (names[0] !== 'doctor' && names[1] !== 'config' && !names.includes('serve'))
        context.assertSettings();
    });
}

/**
 * The commands whose options are defined here and not in a separate file. The arguments of `run` and `nextflow` are not
 * commander's.
 */
function addOwn(program: Command, context: Context): void {
  program
    .command('run')
    .description('Run a pipeline with secrets (see nf-escrow run --help)')
    .argument('[arguments...]');
  program
    .command('nextflow')
    .description('Run a Nextflow command line; `nextflow run` gets secrets')
    .argument('[arguments...]');
  program
    .command('shim')
    .argument('<DIR>')
    .description('Write a `nextflow` wrapper to DIR; runs that the wrapper starts get secrets')
    .addHelpText('after', '\nExample: nf-escrow shim ~/escrow-bin && export PATH=~/escrow-bin:$PATH')
    .action(async (directory: string) => {
      const { writeShim } = await import('../nextflow/launcher/write-shim.ts');
      print(`Wrote ${writeShim(directory, context.command)}. Put its directory first on PATH.`);
    });
  program
    .command('status')
    .description('Show live runs, delivered secrets and pending removals')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow status')
    .action(async (options: { json?: boolean }) =>
      (await import('./commands/status.ts')).status(context, options),
    );
  program
    .command('doctor')
    .description('Check the requirements of a launch, and print a remedy for each failure')
    .option('--compute-env <NAME>', 'compute environment to check (default: the default one)')
    .option('--probe', 'also submit a job that reads a temporary secret')
    .option('--wait <SECONDS>', 'time limit of the job', '120')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow doctor --compute-env cluster --probe')
    .action(async (options: DoctorOptions) =>
      (await import('./commands/doctor.ts')).doctor(context, options),
    );
  program
    .command('sweep')
    .description(
      'List secrets and job definitions that remain in AWS after a machine was lost; remove them with --yes',
    )
    .option('--compute-env <NAME>', 'compute environment (default: all on AWS)')
    .option('--yes', 'remove the listed objects')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow sweep --compute-env batch')
    .action(async (options: { computeEnv?: string; yes?: boolean; json?: boolean }) =>
      (await import('./commands/sweep.ts')).sweep(context, options),
    );
  program
    .command('aws-credentials', { hidden: true })
    .requiredOption('--compute-env <NAME>', 'compute environment whose role is assumed')
    .action(async (options: { computeEnv: string }) =>
      (await import('./commands/aws/aws-credentials.ts')).awsCredentials(context, options.computeEnv),
    );
}
