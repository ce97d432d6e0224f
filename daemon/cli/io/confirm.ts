import { createInterface } from 'node:readline/promises';
import { EscrowError } from '../../errors.ts';
import { escapeText } from '../../system/escape-text.ts';

/** Prompts for confirmation of a destructive command. Throws `usage` for a no, and without a terminal unless `--yes` is set. */
export async function confirm(question: string, yes: boolean | undefined): Promise<void> {
  if (yes === true) return;
  if (!process.stdin.isTTY)
    throw new EscrowError(
      'usage',
      `Cannot ask for confirmation of "${question}": standard input is not a terminal.`,
      {
        hint: 'Add --yes to confirm.',
      },
    );
  const line = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await line.question(`${escapeText(question)} [y/N] `);
  line.close();
  if (!/^y(es)?$/i.test(answer))
    throw new EscrowError('usage', 'Cancelled. Nothing was changed.', { hint: 'Answer y to confirm.' });
}
