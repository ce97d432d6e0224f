import type { Command } from 'commander';
import { readAll } from '../../../api-client/read-all.ts';
import { readAtMost, readInput } from '../../io/read-input.ts';
import { assertSecretName } from '../../../contract/secret-name.ts';
import { notFoundError } from '../../../contract/not-found.ts';
import type { Secret, SecretVersion } from '../../../contract/types.ts';
import { VALUE_MAX } from '../../../contract/value-size.ts';
import { EscrowError } from '../../../errors.ts';
import type { Context } from '../../context.ts';
import { importSecrets, type ImportOptions } from './import-secrets.ts';
import { listSecrets } from './list-secrets.ts';
import { print, printJson, warn } from '../../io/output.ts';
import { displayOfOutput } from '../../io/display.ts';
import { timeFormatter, type TimeOptions } from '../../io/time-format.ts';
import { addTimeOption } from '../../io/time-option.ts';
import { promptHidden } from '../../io/passphrase.ts';
import { removeSecrets } from './remove-secrets.ts';
import { findSecrets, type ScopeOptions } from './scope.ts';
import { tellHolders } from './tell-holders.ts';

const NEWLINE = 10;

interface Json {
  readonly json?: boolean;
}

export function addSecrets(program: Command, context: Context): void {
  const secrets = program
    .command('secrets')
    .description('Manage secrets; values are never shown')
    .addHelpText('after', '\nExample: nf-escrow secrets set DB_PASSWORD');
  const scoped = (command: Command): Command =>
    command
      .option('--workspace <ORG/NAME>', 'workspace, or SERVER:ORG/NAME (default: see nf-escrow use)')
      .option('--user', "your own secrets, which override the workspace's");
  scoped(secrets.command('set').argument('<NAME>'))
    .description('Set a secret; its value comes from a hidden prompt, or byte for byte from standard input')
    .option('--from-file <FILE>', 'file that contains the value, read byte for byte')
    .addHelpText('after', '\nExample: nf-escrow secrets set DB_PASSWORD --user')
    .action((name: string, options: ScopeOptions & { fromFile?: string }) =>
      setSecret(context, name, options),
    )
    .allowExcessArguments()
    .hook('preAction', (command) => {
      if (command.args.length > 1) throw valueAsArgument();
    });
  scoped(addTimeOption(secrets.command('list').alias('ls')))
    .description(
      'List the secrets that a run receives from the workspace and from you: names, versions, last use, overrides',
    )
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow secrets list --json')
    .action((options: ScopeOptions & Json & TimeOptions) => listSecrets(context, options));
  scoped(addTimeOption(secrets.command('show').argument('<NAME>')))
    .description('Show the metadata of a secret')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow secrets show DB_PASSWORD')
    .action((name: string, options: ScopeOptions & Json & TimeOptions) => showSecret(context, name, options));
  scoped(secrets.command('remove').aliases(['rm', 'delete']).argument('<NAME...>'))
    .description('Remove secrets')
    .option('--yes', 'skip the confirmation prompt')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow secrets remove DB_PASSWORD')
    .action((names: string[], options: ScopeOptions & Json & { yes?: boolean }) =>
      removeSecrets(context, names, options),
    );
  scoped(secrets.command('import').argument('[FILE]').argument('[NAME...]'))
    .description(
      "Import all or only the named secrets from Nextflow's own store, a dotenv file or JSON; FILE - is standard input",
    )
    .requiredOption('--from <SOURCE>', 'source: nextflow, dotenv or json')
    .option('--only <NAME>', 'import only this secret (repeatable)', append)
    .option('--replace', 'replace secrets that exist')
    .option('--skip', 'skip secrets that exist')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow secrets import --from dotenv .env')
    .action((file: string | undefined, names: string[], options: ImportOptions) =>
      importSecrets(context, file, { ...options, only: [...(options.only ?? []), ...names] }),
    );
}

/** Collects the values of a repeatable option. */
function append(value: string, values: readonly string[] | undefined): string[] {
  return [...(values ?? []), value];
}

/** The value is already in the shell's history and was visible in the process list, so it must not be used. */
function valueAsArgument(): EscrowError {
  return new EscrowError(
    'usage',
    'Cannot set a secret from an argument: other users can see arguments, and your shell history keeps them.',
    {
      hint: 'If you entered the value, replace it at the service that issued it, because it may be in your shell history. Then give only the name as an argument, and the new value at the prompt or on standard input.',
    },
  );
}

/** Sets a secret from a file, a hidden prompt or standard input, never from an argument. */
export async function setSecret(
  context: Context,
  name: string,
  options: ScopeOptions & { fromFile?: string },
): Promise<void> {
  assertSecretName(name); // before the prompt
  const { client, path: secrets, title } = await findSecrets(context, options);
  const path = `${secrets}/${encodeURIComponent(name)}`;
  const value = await readValue(name, options.fromFile);
  const { version, maskable } = await client.call<SecretVersion>('PUT', path, {
    valueBase64: value.toString('base64'),
  });
  print(`${name} is set for ${title} (version ${String(version)}, ${String(value.length)} bytes).`);
  noteNewline(name, value);
  if (!maskable)
    warn(
      `nf-escrow cannot mask ${name} in the output of runs, and may not find it in their files: the value has fewer than 6 bytes`,
    );
  await tellHolders(client, path, name);
}

export async function showSecret(
  context: Context,
  name: string,
  options: ScopeOptions & Json & TimeOptions,
): Promise<void> {
  const { client, path, title } = await findSecrets(context, options);
  const secrets = await readAll<Secret>(client, path, 'secrets');
  const secret = secrets.find((candidate) => candidate.name === name);
  if (secret === undefined) {
    const where = options.user === true ? 'your own secrets' : title;
    const detail = `Cannot show ${name} of ${where}: there is no secret of this name.`;
    const among = secrets.map((each) => each.name);
    throw notFoundError('secret-not-found', detail, { name, among });
  }
  if (options.json === true) printJson(secret);
  else {
    const showTime = timeFormatter(displayOfOutput(), options);
    for (const [key, value] of Object.entries(secret))
      print(`${key.padEnd(16)}${showTime(String(value ?? '-'))}`);
  }
}

/** Warns about a newline at the end: echo and editors add one, it is kept byte for byte, and it is rarely intended. */
function noteNewline(name: string, value: Buffer): void {
  if (value.at(-1) !== NEWLINE || value.indexOf(NEWLINE) !== value.length - 1) return;
  warn(
    `the value of ${name} ends with a newline, which is part of the value. If you did not intend it, use printf %s instead of echo.`,
  );
}

async function readValue(name: string, file: string | undefined): Promise<Buffer> {
  if (file === undefined && process.stdin.isTTY) return Buffer.from(await promptHidden(`Value of ${name}:`));
  const value =
    file === undefined ? await readAtMost(process.stdin, VALUE_MAX) : await readInput(file, VALUE_MAX);
  if (value.length <= VALUE_MAX) return value;
  // The input may be endless, so its size is unknown.
  throw new EscrowError(
    'value-invalid',
    `Cannot set ${name}: its value has more than ${String(VALUE_MAX)} bytes.`,
  );
}
