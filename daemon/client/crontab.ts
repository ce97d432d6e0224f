import { spawn } from 'node:child_process';
import { runLimited } from '../host/run-limited.ts';
import { systemCode } from '../errors.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const LIMIT_MS = 20_000;
/** Ours are told from the user's by it. */
const MARK = '# nf-escrow';

/** Puts our lines into the user's crontab, in the place of those that were ours. False where there is no crontab. */
export async function writeCrontab(lines: readonly string[], env: Environment): Promise<boolean> {
  let before;
  try {
    before = await runLimited('crontab', ['-l'], { env, limitMs: LIMIT_MS });
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
  // Status 1 with "no crontab for": there is none yet. What else it says is an error, and not to be written back.
  if (before.status !== 0 && !before.output.includes('no crontab')) return false;
  const theirs = before.status === 0 ? before.output.split('\n').filter((line) => !line.endsWith(MARK)) : [];
  const text = [...theirs.filter((line) => line !== ''), ...lines.map((line) => `${line} ${MARK}`), ''].join(
    '\n',
  );
  return new Promise((resolve, reject) => {
    const child = spawn('crontab', ['-'], { env, stdio: ['pipe', 'ignore', 'ignore'] });
    child.on('error', reject).on('exit', (status) => {
      resolve(status === 0);
    });
    child.stdin.on('error', () => undefined).end(text); // it says by its status that it did not read
  });
}
