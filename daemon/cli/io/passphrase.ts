import type { Client } from '../../api-client/client.ts';
import { EscrowError } from '../../errors.ts';
import { escapeText } from '../../system/escape-text.ts';
import { leaveMemoryOutOfCoreDumps } from '../../system/processes/core-dumps.ts';

/** Prompts for a passphrase, or reads it from `file` without its trailing newline. */
export async function readPassphrase(message: string, file?: string): Promise<string> {
  if (file !== undefined) {
    const { readBytes } = await import('./read-bytes.ts'); // few commands need it
    return (await readBytes(file)).toString('utf8').replace(/\n$/, '');
  }
  if (!process.stdin.isTTY)
    throw new EscrowError('usage', 'Cannot prompt for a passphrase: standard input is not a terminal.', {
      hint: 'Read it from a file with --passphrase-file FILE.',
    });
  return promptHidden(message);
}

/** Prompts on the terminal without echo. */
export async function promptHidden(message: string): Promise<string> {
  leaveMemoryOutOfCoreDumps(); // here, because `run` prompts only if the vault is locked
  const { default: password } = await import('@inquirer/password'); // few commands need it
  return password({ message: escapeText(message), mask: false }, { output: process.stderr });
}

/** Prompts twice for a new passphrase, or reads it from `file`. Throws `usage` if the two differ. */
export async function readNewPassphrase(message: string, file?: string): Promise<string> {
  const first = await readPassphrase(message, file);
  if (file !== undefined || first === (await readPassphrase('Repeat the passphrase:'))) return first;
  throw new EscrowError('usage', 'The passphrases do not match.', {
    hint: 'Nothing was changed. Try again.',
  });
}

/** Wraps a client: if the vault is locked and there is a terminal, prompts for the passphrase and retries. */
export function unlocking(client: Client): Client {
  return {
    call: async <T>(...request: Parameters<Client['call']>): Promise<T> => {
      try {
        return await client.call<T>(...request);
      } catch (error) {
        const locked = error instanceof EscrowError && error.code === 'vault-locked';
        if (!locked || !process.stdin.isTTY) throw error;
        const passphrase = await readPassphrase('Vault passphrase:');
        await client.call('POST', '/v1/vault/unlock', { passphrase });
        return client.call<T>(...request);
      }
    },
  };
}
