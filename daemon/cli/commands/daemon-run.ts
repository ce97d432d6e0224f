import { EscrowError } from '../../errors.ts';
import type { Serving } from '../context.ts';

/**
 * Reads the options of `daemon run`, the hidden command that commands and services start the daemon with: `--tell DESCRIPTOR`, a
 * pipe to the process that starts it, `--take-over` and `--stay`. Loading commander would delay the start. Throws `usage`.
 */
export function readServing(words: readonly string[]): Serving {
  const serving = { tell: undefined as number | undefined, takeOver: false, stay: false };
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index];
    if (word === '--take-over') serving.takeOver = true;
    else if (word === '--stay') serving.stay = true;
    else if (word === '--tell' && /^\d{1,6}$/.test(words[index + 1] ?? ''))
      serving.tell = Number(words[++index]);
    else
      throw new EscrowError(
        'usage',
        'Cannot run "daemon run": nf-escrow starts the daemon with its own options.',
        {
          hint: 'Start the daemon: nf-escrow daemon start',
        },
      );
  }
  return serving;
}
