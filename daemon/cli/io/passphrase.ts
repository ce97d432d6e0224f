import type { Client } from '../../api-client/client.ts';
import { EscrowError } from '../../errors.ts';
import { escapeText } from '../../system/escape-text.ts';
import { leaveMemoryOutOfCoreDumps } from '../../system/processes/core-dumps.ts';

/** Asks for a passphrase on a hidden prompt; `file` is read instead, without the newline at its end. */
export async function readPassphrase(message: string, file?: string): Promise<string> {
  if (file !== undefined) {
    const { readBytes } = await import('./read-bytes.ts'); // of all commands few need it
    return (await readBytes(file)).toString('utf8').replace(/\n$/, '');
  }
  if (!process.stdin.isTTY)
    throw new EscrowError('usage', 'There is no terminal to ask for a passphrase on.', {
      hint: 'Name a file that holds it: --passphrase-file FILE',
    });
  return promptHidden(message);
}

/** Asks on the terminal for what is not to be seen. */
export async function promptHidden(message: string): Promise<string> {
  leaveMemoryOutOfCoreDumps(); // `run` asks too, where the vault is locked
  const { default: password } = await import('@inquirer/password'); // of all commands few need it
  return password({ message: escapeText(message), mask: false }, { output: process.stderr });
}

/** As readPassphrase, twice, for a new one. */
export async function readNewPassphrase(message: string, file?: string): Promise<string> {
  const first = await readPassphrase(message, file);
  if (file !== undefined || first === (await readPassphrase('Once more:'))) return first;
  throw new EscrowError('usage', 'The two are not the same.', { hint: 'Nothing was changed; try again.' });
}

/** A client that asks for the vault's passphrase where it is needed and there is someone to ask, and then tries again. */
export function unlocking(client: Client): Client {
  return {
    call: async <T>(...request: Parameters<Client['call']>): Promise<T> => {
      try {
        return await client.call<T>(...request);
      } catch (error) {
        const locked = error instanceof EscrowError && error.code === 'vault-locked';
        if (!locked || !process.stdin.isTTY) throw error;
        const passphrase = await readPassphrase('Passphrase of the vault:');
        await client.call('POST', '/v1/vault/unlock', { passphrase });
        return client.call<T>(...request);
      }
    },
  };
}
