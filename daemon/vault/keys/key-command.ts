import { asEscrowError, EscrowError } from '../../errors.ts';
import { runWithTimeout } from '../../system/processes/run-with-timeout.ts';

const TIME_LIMIT_MS = 60_000;
const OUTPUT_MAX = 64 * 1024;

/**
 * Runs `vaultKeyCommand`, which prints the vault's key (a password manager, a key service), and returns its output. A
 * shell runs it, because the command is a line of the user's own configuration. Its standard error is discarded, because
 * it may contain the key. Throws `vault-key-command-failed`.
 */
export async function runKeyCommand(command: string | undefined): Promise<Buffer> {
  if (command === undefined)
    throw new EscrowError(
      'vault-key-command-failed',
      'The vault key comes from a command, but vaultKeyCommand is not set.',
      {
        hint: 'Set it, for example: nf-escrow config set vaultKeyCommand "pass show nf-escrow"',
      },
    );
  if (command.includes('\0')) throw failed('it contains a NUL byte');
  const { status, stdout, timedOut } = await runWithTimeout('/bin/sh', ['-c', command], {
    env: process.env,
    limitMs: TIME_LIMIT_MS,
    outputMax: OUTPUT_MAX,
    encoding: 'latin1',
  }).catch((error: unknown) => {
    throw failed(asEscrowError(error).message); // it could not be started, or printed too much
  });
  const output = Buffer.from(stdout, 'latin1');
  const end = output.at(-1) === 0x0a ? output.length - 1 : output.length; // the newline that `echo` adds
  if (timedOut) throw failed(`it did not end within ${String(TIME_LIMIT_MS / 1000)} s`);
  if (status !== 0) throw failed(status === null ? 'a signal ended it' : `it exited with ${String(status)}`);
  if (end === 0) throw failed('it printed nothing');
  return output.subarray(0, end);
}

function failed(why: string): EscrowError {
  return new EscrowError(
    'vault-key-command-failed',
    `The vault key command failed: ${why.replace(/\.$/, '')}.`,
  );
}
