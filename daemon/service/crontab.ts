import { spawn } from 'node:child_process';
import { EscrowError, systemCode } from '../errors.ts';
import { runWithTimeout } from '../system/processes/run-with-timeout.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const LIMIT_MS = 20_000;
/** Between these two lines everything is ours; nothing else is touched. */
const BEGIN = '# nf-escrow: begin (nf-escrow daemon install --remove takes this out)';
const END = '# nf-escrow: end';
const BLOCK = new RegExp(`^# nf-escrow: begin.*\\n(?:(?!# nf-escrow: (?:begin|end)).*\\n)*?${END}\\n?`, 'm');

/** Whether there are crontabs here, and this user may have one. */
export async function hasCrontab(env: Environment): Promise<boolean> {
  return (await readCrontab(env)) !== undefined;
}

/**
 * Puts lines into the user's crontab, in the place of those that were ours; none takes ours out. All others stay as they
 * are, byte for byte. Returns whether anything was changed. Throws `config-invalid`.
 */
export async function writeCrontab(lines: readonly string[], env: Environment): Promise<boolean> {
  const before = await readCrontab(env);
  if (before === undefined) {
    if (lines.length === 0) return false;
    throw new EscrowError('config-invalid', 'This user can have no crontab here.');
  }
  const after = replaceBlock(before, lines);
  if (after === before) return false;
  if (after === '') await run(['-r'], '', env);
  else await run(['-'], after, env);
  return true;
}

/** Throws `config-invalid` where our first line has lost our last one: whose lines are those behind it? */
export function replaceBlock(before: string, lines: readonly string[]): string {
  const theirs = before.replace(BLOCK, '');
  if (/^# nf-escrow: (begin|end)/m.test(theirs))
    throw new EscrowError('config-invalid', 'Lines of nf-escrow in your crontab are not whole any more.', {
      hint: 'Take them out by hand (crontab -e): all from "# nf-escrow: begin" on that are not yours.',
    });
  if (lines.length === 0) return theirs;
  const ours = [BEGIN, ...lines, END, ''].join('\n');
  // In its old place: lines that set variables hold for those behind them.
  if (theirs !== before) return before.replace(BLOCK, () => ours);
  return `${theirs}${theirs === '' || theirs.endsWith('\n') ? '' : '\n'}${ours}`;
}

/** Undefined: there is no `crontab` command, or this user may not use it. */
async function readCrontab(env: Environment): Promise<string | undefined> {
  const { status, output } = await ask(env);
  if (status === 0) return output;
  // Status 1 with "no crontab for": there is none yet. What else it says is a refusal, and not to be written back.
  return /\bno crontab\b/i.test(output) ? '' : undefined;
}

async function ask(env: Environment): Promise<{ status: number | null; output: string }> {
  try {
    // Its standard error goes with its output: a file that could be read has none.
    return await runWithTimeout('crontab', ['-l'], { env: { ...env, LC_ALL: 'C' }, limitMs: LIMIT_MS });
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return { status: 127, output: '' };
    throw error;
  }
}

function run(args: readonly string[], input: string, env: Environment): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('crontab', [...args], { env, stdio: ['pipe', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.on('error', reject).on('close', (status) => {
      if (status === 0) resolve();
      else reject(new EscrowError('config-invalid', `crontab: ${said.trim().slice(0, 300)}`));
    });
    child.stdin.on('error', () => undefined).end(input); // its status says that it did not read
  });
}
