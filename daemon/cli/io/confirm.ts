import { createInterface } from 'node:readline/promises';
import { EscrowError } from '../../errors.ts';
import { escapeText } from '../../system/escape-text.ts';

/** Asks before something goes for good: on a terminal; elsewhere `--yes` has to have been said. Throws `usage` for a no. */
export async function confirm(question: string, yes: boolean | undefined): Promise<void> {
  if (yes === true) return;
  if (!process.stdin.isTTY)
    throw new EscrowError('usage', 'This takes something away for good.', { hint: 'Say --yes to mean it.' });
  const line = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await line.question(`${escapeText(question)} [y/N] `);
  line.close();
  if (!/^y(es)?$/i.test(answer))
    throw new EscrowError('usage', 'Nothing was done.', { hint: 'Answer y to do it.' });
}
