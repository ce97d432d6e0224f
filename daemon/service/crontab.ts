import { EscrowError, systemCode } from '../errors.ts';
import { runWithTimeout, type CommandResult } from '../system/processes/run-with-timeout.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const LIMIT_MS = 20_000;
/** The lines between these two belong to nf-escrow. It changes no others. */
const BEGIN = '# nf-escrow: begin (remove with: nf-escrow daemon install --remove)';
const END = '# nf-escrow: end';
const BLOCK = new RegExp(`^# nf-escrow: begin.*\\n(?:(?!# nf-escrow: (?:begin|end)).*\\n)*?${END}\\n?`, 'm');

/** Returns whether this host has crontabs and this user may have one. */
export async function hasCrontab(env: Environment): Promise<boolean> {
  return (await readCrontab(env)) !== undefined;
}

/** Returns whether the user's crontab contains lines of nf-escrow. */
export async function hasCronLines(env: Environment): Promise<boolean> {
  return BLOCK.test((await readCrontab(env)) ?? '');
}

/**
 * Replaces nf-escrow's lines in the user's crontab; no lines removes them. Keeps all other lines byte for byte. Returns
 * whether the crontab changed. Throws `config-invalid`.
 */
export async function writeCrontab(lines: readonly string[], env: Environment): Promise<boolean> {
  const before = await readCrontab(env);
  if (before === undefined) {
    if (lines.length === 0) return false;
    throw new EscrowError(
      'config-invalid',
      'Cannot write the crontab: this host does not permit you to use crontab.',
    );
  }
  const after = replaceBlock(before, lines);
  if (after === before) return false;
  if (after === '') await run(['-r'], '', env);
  else await run(['-'], after, env);
  return true;
}

/** Returns a crontab with nf-escrow's lines replaced. Throws `config-invalid` when only one of the two markers exists. */
export function replaceBlock(before: string, lines: readonly string[]): string {
  const theirs = before.replace(BLOCK, '');
  if (/^# nf-escrow: (begin|end)/m.test(theirs))
    throw new EscrowError(
      'config-invalid',
      'Cannot change your crontab: a marker line of nf-escrow is missing.',
      {
        hint: 'Run "crontab -e" and remove the lines of nf-escrow, starting at "# nf-escrow: begin".',
      },
    );
  if (lines.length === 0) return theirs;
  const ours = [BEGIN, ...lines, END, ''].join('\n');
  // The position stays: a line that sets a variable applies to the lines after it.
  if (theirs !== before) return before.replace(BLOCK, () => ours);
  return `${theirs}${theirs === '' || theirs.endsWith('\n') ? '' : '\n'}${ours}`;
}

/** Returns the crontab; undefined when there is no `crontab` command or this user may not use it. */
async function readCrontab(env: Environment): Promise<string | undefined> {
  const answer = await ask(env);
  if (answer?.status === 0) return answer.stdout;
  // Status 1 with "no crontab for": the crontab is empty. Any other message is a refusal.
  return /\bno crontab\b/i.test(answer?.stderr ?? '') ? '' : undefined;
}

async function ask(env: Environment): Promise<CommandResult | undefined> {
  try {
    return await runWithTimeout('crontab', ['-l'], { env: { ...env, LC_ALL: 'C' }, limitMs: LIMIT_MS });
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function run(args: readonly string[], input: string, env: Environment): Promise<void> {
  const { status, stderr } = await runWithTimeout('crontab', args, { env, input, limitMs: LIMIT_MS });
  if (status !== 0)
    throw new EscrowError('config-invalid', `Cannot write the crontab: ${stderr.trim().slice(0, 300)}`);
}
