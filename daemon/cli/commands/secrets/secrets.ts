import type { Command } from 'commander';
import { readAtMost, readInput } from '../../io/read-input.ts';
import { assertSecretName } from '../../../contract/secret-name.ts';
import type { SecretList } from '../../../contract/types.ts';
import { VALUE_MAX } from '../../../contract/value-size.ts';
import { EscrowError } from '../../../errors.ts';
import type { Context } from '../../context.ts';
import { confirm } from '../../io/confirm.ts';
import { importSecrets, type ConflictOptions } from './import-secrets.ts';
import { print, printJson, warn } from '../../io/output.ts';
import { printTable } from '../../io/table.ts';
import { promptHidden } from '../../io/passphrase.ts';
import { scopeTitle, secretsPath, type ScopeOptions } from './scope.ts';

const NEWLINE = 10;

interface Json {
  readonly json?: boolean;
}

export function addSecrets(program: Command, context: Context): void {
  const secrets = program.command('secrets').description('Manage secrets; values are never shown');
  const scoped = (command: Command): Command =>
    command
      .option('--workspace <ORG/NAME>', 'workspace (default: see nf-escrow use)')
      .option('--user', "your own secrets, which override the workspace's");
  scoped(secrets.command('set').argument('<NAME>'))
    .description('Set a secret from a hidden prompt, or from standard input byte for byte')
    .option('--from-file <FILE>', 'file that contains the value, read byte for byte')
    .addHelpText('after', '\nExample: nf-escrow secrets set DB_PASSWORD --user')
    .action((name: string, options: ScopeOptions & { fromFile?: string }) =>
      setSecret(context, name, options),
    )
    .allowExcessArguments()
    .hook('preAction', (command) => {
      if (command.args.length > 1) throw valueAsArgument();
    });
  scoped(secrets.command('list').alias('ls'))
    .description('List secrets: names, versions, last use')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow secrets list --json')
    .action((options: ScopeOptions & Json) => listSecrets(context, options));
  scoped(secrets.command('show').argument('<NAME>'))
    .description('Show the metadata of a secret')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow secrets show DB_PASSWORD')
    .action((name: string, options: ScopeOptions & Json) => showSecret(context, name, options));
  scoped(secrets.command('remove').aliases(['rm', 'delete']).argument('<NAME...>'))
    .description('Remove secrets')
    .option('--yes', 'skip the confirmation prompt')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow secrets remove DB_PASSWORD')
    .action((names: string[], options: ScopeOptions & Json & { yes?: boolean }) =>
      removeSecrets(context, names, options),
    );
  scoped(secrets.command('import').argument('[FILE]'))
    .description("Import secrets from Nextflow's own store, a dotenv file or JSON, all or none")
    .requiredOption('--from <SOURCE>', 'source: nextflow, dotenv or json')
    .option('--replace', 'replace secrets that exist')
    .option('--skip', 'skip secrets that exist')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow secrets import --from dotenv .env')
    .action((file: string | undefined, options: ScopeOptions & ConflictOptions & Json & { from: string }) =>
      importSecrets(context, file, options),
    );
}

/** The value is already in the shell's history and was visible in the process list, so it must not be used. */
function valueAsArgument(): EscrowError {
  return new EscrowError(
    'usage',
    'Cannot set a secret from an argument: other users can see arguments, and your shell history keeps them.',
    {
      hint: 'Choose another value. Give only the name as an argument, and the value at the prompt or on standard input.',
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
  const path = `${secretsPath(context, options)}/${encodeURIComponent(name)}`;
  const value = await readValue(name, options.fromFile);
  const daemon = await context.daemon();
  const { version } = await daemon.call<{ version: number }>('PUT', path, {
    valueBase64: value.toString('base64'),
  });
  print(
    `${name} is set for ${scopeTitle(context, options)} (version ${String(version)}, ${String(value.length)} bytes).`,
  );
  noteNewline(name, value);
}

export async function listSecrets(
  context: Context,
  options: ScopeOptions & { json?: boolean },
): Promise<void> {
  const daemon = await context.daemon();
  const { secrets } = await daemon.call<SecretList>('GET', secretsPath(context, options));
  if (options.json === true) printJson({ secrets });
  else if (secrets.length === 0)
    print(`${scopeTitle(context, options)} has no secrets. Add one: nf-escrow secrets set NAME`);
  else {
    const rows = secrets.map(({ name, version, lastUpdated, lastUsed, lastUsedBy }) => [
      name,
      String(version),
      lastUpdated,
      lastUsed ?? '-',
      lastUsedBy ?? '-',
    ]);
    await printTable(['NAME', 'VERSION', 'SET', 'LAST USED', 'BY RUN'], rows);
  }
}

export async function showSecret(
  context: Context,
  name: string,
  options: ScopeOptions & { json?: boolean },
): Promise<void> {
  const daemon = await context.daemon();
  const { secrets } = await daemon.call<SecretList>('GET', secretsPath(context, options));
  const secret = secrets.find((candidate) => candidate.name === name);
  if (secret === undefined)
    throw new EscrowError('secret-not-found', `${scopeTitle(context, options)} has no secret "${name}".`);
  if (options.json === true) printJson(secret);
  else for (const [key, value] of Object.entries(secret)) print(`${key.padEnd(12)}  ${String(value ?? '-')}`);
}

export async function removeSecrets(
  context: Context,
  names: readonly string[],
  options: ScopeOptions & Json & { yes?: boolean },
): Promise<void> {
  const path = secretsPath(context, options);
  await confirm(`Remove ${names.join(', ')} from ${scopeTitle(context, options)}?`, options.yes);
  const daemon = await context.daemon();
  for (const name of names) {
    await daemon.call('DELETE', `${path}/${encodeURIComponent(name)}`);
    if (options.json !== true) print(`Removed ${name} from ${scopeTitle(context, options)}.`);
  }
  if (options.json === true) printJson({ removed: names });
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
