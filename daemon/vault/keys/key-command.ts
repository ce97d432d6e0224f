import { execFile } from 'node:child_process';
import { EscrowError } from '../../errors.ts';

const TIME_LIMIT_MS = 60_000;
const OUTPUT_MAX = 64 * 1024;

/**
 * Runs the user's own command that prints the vault's key (a password manager, a key service). A shell runs it, as it
 * is a line of the user's own configuration. What it prints goes nowhere else, and neither does what it complains
 * of: that may hold the key too. Throws `vault-key-command-failed`.
 */
export function runKeyCommand(command: string | undefined): Promise<Buffer> {
  if (command === undefined)
    throw new EscrowError(
      'vault-key-command-failed',
      'The vault wants its key from a command, and none is set.',
      {
        hint: 'nf-escrow config set vaultKeyCommand "pass show nf-escrow"',
      },
    );
  return new Promise((resolve, reject) => {
    if (command.includes('\0')) throw failed('it has a NUL, which no command can have');
    const options = { encoding: 'buffer', timeout: TIME_LIMIT_MS, maxBuffer: OUTPUT_MAX } as const;
    execFile('/bin/sh', ['-c', command], options, (error, stdout) => {
      const end = stdout.at(-1) === 0x0a ? stdout.length - 1 : stdout.length; // the newline that `echo` adds
      const phrase = stdout.subarray(0, end);
      if (error !== null) reject(failed(`it ended with ${String(error.code ?? error.signal ?? 'an error')}`));
      else if (phrase.length === 0) reject(failed('it printed nothing'));
      else resolve(phrase);
    });
  });
}

function failed(why: string): EscrowError {
  return new EscrowError('vault-key-command-failed', `The command for the vault's key failed: ${why}.`);
}
