import type { Command } from 'commander';
import { readBytes } from '../io/read-bytes.ts';
import type {
  ImportResult,
  VaultExportRequest,
  VaultImportRequest,
  VaultStatus,
} from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import type { Context } from '../context.ts';
import { outputIsTerminal, print, printJson, write } from '../io/output.ts';
import { readNewPassphrase, readPassphrase } from '../io/passphrase.ts';
import { conflictOf, printImport, type ConflictOptions } from './secrets/import-secrets.ts';

interface Phrase {
  readonly passphraseFile?: string;
}

export function addVault(program: Command, context: Context): void {
  const vault = program.command('vault').description("the vault's key; all secrets at once, encrypted");
  vault
    .command('status')
    .description('whether it opens, and by what')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample: nf-escrow vault status')
    .action((options: { json?: boolean }) => vaultStatus(context, options));
  vault
    .command('unlock')
    .description('give the passphrase; the daemon keeps it in memory until it ends')
    .option('--passphrase-file <FILE>', 'read it from a file')
    .addHelpText('after', '\nExample: nf-escrow vault unlock')
    .action((options: Phrase) => unlock(context, options));
  vault
    .command('rekey')
    .description(
      'give it a new key: in the key file, under a passphrase, or from vaultKeyCommand of config.yaml',
    )
    .option('--passphrase', 'derive it from a passphrase')
    .option('--passphrase-file <FILE>', 'derive it from the passphrase in a file')
    .option('--command', 'derive it from what vaultKeyCommand prints')
    .addHelpText('after', '\nExample: nf-escrow vault rekey --passphrase')
    .action((options: Phrase & { passphrase?: boolean; command?: boolean }) => rekey(context, options));
  vault
    .command('export')
    .description('print all secrets, encrypted with age, for recipients or under a passphrase')
    .option('--recipient <AGE1...>', 'for this age public key (repeatable)', collect, [])
    .option('--passphrase-file <FILE>', 'under the passphrase in a file')
    .addHelpText('after', '\nExample: nf-escrow vault export > secrets.age')
    .action((options: Phrase & { recipient: string[] }) => exportVault(context, options));
  vault
    .command('import')
    .argument('<FILE>')
    .description('take an export in: all of it or nothing')
    .option('--identity <FILE>', 'open it with the age secret keys in this file')
    .option('--passphrase-file <FILE>', 'open it with the passphrase in a file')
    .option('--replace', 'names that are there get the new value')
    .option('--skip', 'names that are there stay as they are')
    .addHelpText('after', '\nExample: nf-escrow vault import secrets.age')
    .action((file: string, options: Phrase & ConflictOptions & { identity?: string }) =>
      importVault(context, file, options),
    );
}

async function vaultStatus(context: Context, options: { json?: boolean }): Promise<void> {
  const status = await (await context.daemon()).call<VaultStatus>('GET', '/v1/vault');
  if (options.json === true) printJson(status);
  else {
    print(`vault    ${status.state}`);
    print(`key      ${status.key ?? 'none yet'}${status.source === null ? '' : ` (from ${status.source})`}`);
    if (status.pendingRekey > 0)
      print(`waiting  ${String(status.pendingRekey)} values are sealed with another key`);
    if (status.pendingErasure !== null)
      print(`erasure  removed values may still be on the disk: ${status.pendingErasure}; it is retried`);
  }
}

async function unlock(context: Context, { passphraseFile }: Phrase): Promise<void> {
  const passphrase = await readPassphrase('Passphrase of the vault:', passphraseFile);
  await (await context.daemon()).call('POST', '/v1/vault/unlock', { passphrase });
  print('The vault is open until the daemon ends.');
}

async function rekey(
  context: Context,
  options: Phrase & { passphrase?: boolean; command?: boolean },
): Promise<void> {
  const wantsPhrase = options.passphrase === true || options.passphraseFile !== undefined;
  if (wantsPhrase && options.command === true)
    throw new EscrowError('usage', 'A key comes from a passphrase or from a command, not from both.');
  const source = wantsPhrase ? 'passphrase' : options.command === true ? 'command' : 'file';
  const body = wantsPhrase
    ? { source, passphrase: await readNewPassphrase('New passphrase of the vault:', options.passphraseFile) }
    : { source };
  const { moved, key } = await (
    await context.daemon()
  ).call<VaultStatus & { moved: number }>('POST', '/v1/vault/rekey', body);
  print(`The vault has the new key ${key ?? '?'}; ${String(moved)} values were sealed anew.`);
}

async function exportVault(context: Context, options: Phrase & { recipient: string[] }): Promise<void> {
  if (outputIsTerminal())
    throw new EscrowError('usage', 'An export goes to a file.', {
      hint: 'nf-escrow vault export > secrets.age',
    });
  const body: VaultExportRequest =
    options.recipient.length > 0
      ? { recipients: options.recipient as [string, ...string[]] }
      : { passphrase: await readNewPassphrase('Passphrase of the export:', options.passphraseFile) };
  write(await (await context.daemon()).call<string>('POST', '/v1/vault/export', body));
}

async function importVault(
  context: Context,
  file: string,
  options: Phrase & ConflictOptions & { identity?: string },
): Promise<void> {
  const opener =
    options.identity === undefined
      ? { passphrase: await readPassphrase('Passphrase of the export:', options.passphraseFile) }
      : { identities: await identitiesOf(options.identity) };
  const body: VaultImportRequest = { export: await read(file), onConflict: conflictOf(options), ...opener };
  printImport(await (await context.daemon()).call<ImportResult>('POST', '/v1/vault/import', body));
}

/** The lines of an age identity file that are no comments. */
async function identitiesOf(file: string): Promise<[string, ...string[]]> {
  const [first, ...others] = (await read(file))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  if (first !== undefined) return [first, ...others];
  throw new EscrowError('usage', `"${file}" holds no age identity.`);
}

async function read(file: string): Promise<string> {
  return (await readBytes(file)).toString('utf8');
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}
