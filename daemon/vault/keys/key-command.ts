import { execFile } from 'node:child_process';
import { EscrowError } from '../../errors.ts';

const TIME_LIMIT_MS = 60_000;
const OUTPUT_MAX = 64 * 1024;

/**
 * Runs `vaultKeyCommand`, which prints the vault's key (a password manager, a key service), and returns its output. A
 * shell runs it, because the command is a line of the user's own configuration. Its standard error is discarded, because
 * it may contain the key. Throws `vault-key-command-failed`.
 */
export function runKeyCommand(command: string | undefined): Promise<Buffer> {
  if (command === undefined)
    throw new EscrowError(
      'vault-key-command-failed',
      'The vault key comes from a command, but vaultKeyCommand is not set.',
      {
        hint: 'Set it, for example: nf-escrow config set vaultKeyCommand "pass show nf-escrow"',
      },
    );
  return new Promise((resolve, reject) => {
    if (command.includes('\0')) throw failed('it contains a NUL byte');
    const options = { encoding: 'buffer', timeout: TIME_LIMIT_MS, maxBuffer: OUTPUT_MAX } as const;
    execFile('/bin/sh', ['-c', command], options, (error, stdout) => {
      const end = stdout.at(-1) === 0x0a ? stdout.length - 1 : stdout.length; // the newline that `echo` adds
      const phrase = stdout.subarray(0, end);
      if (error !== null)
        reject(failed(`it exited with ${String(error.code ?? error.signal ?? 'an error')}`));
      else if (phrase.length === 0) reject(failed('it printed nothing'));
      else resolve(phrase);
    });
  });
}

function failed(why: string): EscrowError {
  return new EscrowError('vault-key-command-failed', `The vault key command failed: ${why}.`);
}
