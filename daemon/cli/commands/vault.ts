import type { Command } from 'commander';
import { readBytes } from '../io/read-bytes.ts';
import type {
  ImportResult,
  VaultExportRequest,
  VaultRekeyResult,
  VaultImportRequest,
  VaultStatus,
} from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import type { Context } from '../context.ts';
import { outputIsTerminal, print, printJson, write } from '../io/output.ts';
import { printState } from '../io/print-state.ts';
import { readNewPassphrase, readPassphrase } from '../io/passphrase.ts';
import { conflictOf, printImport, type ConflictOptions } from './secrets/import-secrets.ts';

interface Phrase {
  readonly passphraseFile?: string;
}

export function addVault(program: Command, context: Context): void {
  const vault = program
    .command('vault')
    .description("Manage the vault's key; export and import all secrets in encrypted form")
    .addHelpText('after', '\nExample: nf-escrow vault status');
  vault
    .command('status')
    .description('Show whether the vault is locked, and where its key comes from')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow vault status')
    .action((options: { json?: boolean }) => vaultStatus(context, options));
  vault
    .command('unlock')
    .description('Unlock the vault with its passphrase until the daemon stops')
    .option('--passphrase-file <FILE>', 'file that contains the passphrase')
    .addHelpText('after', '\nExample: nf-escrow vault unlock')
    .action((options: Phrase) => unlock(context, options));
  vault
    .command('rekey')
    .description("Replace the vault's key with a new key file (default), a passphrase or a command")
    .option('--passphrase', 'derive the key from a passphrase')
    .option('--passphrase-file <FILE>', 'derive the key from the passphrase in a file')
    .option('--command', 'derive the key from the output of the setting vaultKeyCommand')
    .addHelpText('after', '\nExample: nf-escrow vault rekey --passphrase')
    .action((options: Phrase & { passphrase?: boolean; command?: boolean }) => rekey(context, options));
  vault
    .command('export')
    .description('Export all secrets, encrypted with age, to standard output')
    .option('--recipient <AGE1...>', 'age public key to encrypt to (repeatable)', collect)
    .option('--passphrase-file <FILE>', 'file that contains the passphrase to encrypt with')
    .addHelpText('after', '\nExample: nf-escrow vault export > secrets.age')
    .action((options: Phrase & { recipient?: string[] }) => exportVault(context, options));
  vault
    .command('import')
    .argument('<FILE>')
    .description('Import exported secrets, all or none')
    .option('--identity <FILE>', 'file that contains age secret keys to decrypt with')
    .option('--passphrase-file <FILE>', 'file that contains the passphrase to decrypt with')
    .option('--replace', 'replace secrets that exist')
    .option('--skip', 'skip secrets that exist')
    .addHelpText('after', '\nExample: nf-escrow vault import secrets.age')
    .action((file: string, options: Phrase & ConflictOptions & { identity?: string }) =>
      importVault(context, file, options),
    );
}

async function vaultStatus(context: Context, options: { json?: boolean }): Promise<void> {
  const status = await (await context.daemon()).call<VaultStatus>('GET', '/v1/vault');
  if (options.json === true) printJson(status);
  else {
    printState('vault    ', status.state);
    print(`key      ${status.key ?? 'none yet'}${status.source === null ? '' : ` (from ${status.source})`}`);
    if (status.pendingRekey > 0)
      print(`pending  ${String(status.pendingRekey)} values are encrypted with another key`);
    if (status.pendingErasure !== null)
      print(
        `erasure  removed values may still be on the disk: ${status.pendingErasure}; the daemon retries the erasure`,
      );
  }
}

async function unlock(context: Context, { passphraseFile }: Phrase): Promise<void> {
  const passphrase = await readPassphrase('Vault passphrase:', passphraseFile);
  await (await context.daemon()).call('POST', '/v1/vault/unlock', { passphrase });
  print('The vault is unlocked until the daemon stops.');
}

async function rekey(
  context: Context,
  options: Phrase & { passphrase?: boolean; command?: boolean },
): Promise<void> {
  const wantsPhrase = options.passphrase === true || options.passphraseFile !== undefined;
  if (wantsPhrase && options.command === true)
    throw new EscrowError('usage', '--passphrase and --command cannot be combined.');
  const source = wantsPhrase ? 'passphrase' : options.command === true ? 'command' : 'file';
  const body = wantsPhrase
    ? { source, passphrase: await readNewPassphrase('New vault passphrase:', options.passphraseFile) }
    : { source };
  const { moved, vault } = await (
    await context.daemon()
  ).call<VaultRekeyResult>('POST', '/v1/vault/rekey', body);
  print(`The vault has the new key ${vault.key ?? '?'}. Re-encrypted ${String(moved)} values.`);
}

async function exportVault(context: Context, options: Phrase & { recipient?: string[] }): Promise<void> {
  if (outputIsTerminal())
    throw new EscrowError('usage', 'Cannot print an export to a terminal.', {
      hint: 'Redirect it to a file: nf-escrow vault export > secrets.age',
    });
  const body: VaultExportRequest =
    options.recipient !== undefined
      ? { recipients: options.recipient as [string, ...string[]] }
      : { passphrase: await readNewPassphrase('Export passphrase:', options.passphraseFile) };
  write(await (await context.daemon()).call<string>('POST', '/v1/vault/export', body));
}

async function importVault(
  context: Context,
  file: string,
  options: Phrase & ConflictOptions & { identity?: string },
): Promise<void> {
  const text = await read(file); // before a prompt
  const opener =
    options.identity === undefined
      ? { passphrase: await readPassphrase('Export passphrase:', options.passphraseFile) }
      : { identities: await identitiesOf(options.identity) };
  const body: VaultImportRequest = { export: text, onConflict: conflictOf(options), ...opener };
  await printImport(await (await context.daemon()).call<ImportResult>('POST', '/v1/vault/import', body));
}

/** Returns the keys in an age identity file, without its comments. */
async function identitiesOf(file: string): Promise<[string, ...string[]]> {
  const [first, ...others] = (await read(file))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  if (first !== undefined) return [first, ...others];
  throw new EscrowError('usage', `Cannot import: "${file}" contains no age identity.`);
}

async function read(file: string): Promise<string> {
  return (await readBytes(file)).toString('utf8');
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
