import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { EscrowError } from '../../errors.ts';
import { ensurePrivateDirectory } from '../../system/files/private-directory.ts';
import { runWithTimeout, type CommandResult } from '../../system/processes/run-with-timeout.ts';
import { quoteShellWords } from '../../system/processes/shell-word.ts';

/** A question to Nextflow that runs no pipeline. */
export interface Question {
  readonly nextflow: string;
  /** Arguments of Nextflow, without `-log`. */
  readonly arguments: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** nf-escrow's state directory, which gets Nextflow's log until the answer: TMPDIR may be missing or full. */
  readonly state: string;
  readonly limitMs: number;
  /** Whether its child processes may prompt on the terminal. A timeout then does not kill the whole process group. */
  readonly mayPrompt?: boolean;
}

/** Standard output of Nextflow. `error` is set if its exit status is not 0, or if it did not answer in time. */
export interface Answer {
  readonly output: string;
  readonly error: string | undefined;
}

const OUTPUT_MAX = 4 * 1024 * 1024;
/** Age after which a directory that a killed process left is removed. */
const ABANDONED_MS = 3600_000;

/**
 * Asks Nextflow and returns its answer. Its log goes to a separate file, so that the logs of this run and earlier ones are not
 * rotated. Throws Node's system error if Nextflow cannot be started, and the errors of a state directory that cannot be used.
 */
export async function askNextflow(question: Question): Promise<Answer> {
  const scratch = createScratch(join(question.state, 'scratch'));
  try {
    return await ask(question, ['-log', join(scratch, 'log'), '-q', ...question.arguments]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function createScratch(above: string): string {
  ensurePrivateDirectory(above);
  for (const name of readdirSync(above)) {
    const path = join(above, name);
    const found = statSync(path, { throwIfNoEntry: false });
    if (found !== undefined && Date.now() - found.mtimeMs > ABANDONED_MS)
      rmSync(path, { recursive: true, force: true });
  }
  return mkdtempSync(join(above, 'nextflow-'));
}

async function ask(question: Question, args: readonly string[]): Promise<Answer> {
  const { nextflow, env, cwd, limitMs } = question;
  const { status, stdout, stderr, timedOut } =
    question.mayPrompt === true
      ? await runInOwnGroup(question, args)
      : await runWithTimeout(nextflow, args, { env, cwd, limitMs, outputMax: OUTPUT_MAX });
  if (timedOut) return { output: stdout, error: `no answer within ${String(limitMs / 1000)} s` };
  return { output: stdout, error: status === 0 ? undefined : stderr || `exit status ${String(status)}` };
}

/** Runs Nextflow in our own process group, which may read from the terminal. */
async function runInOwnGroup(
  { nextflow, env, cwd, limitMs }: Question,
  args: readonly string[],
): Promise<CommandResult> {
  const { execa } = await import('execa');
  const { exitCode, stdout, stderr, shortMessage, timedOut } = await execa(nextflow, [...args], {
    ...{ env, extendEnv: false, cwd, stdin: 'ignore', maxBuffer: OUTPUT_MAX, reject: false },
    ...{ timeout: limitMs, forceKillAfterDelay: 1000 },
  });
  return { status: exitCode ?? null, stdout, stderr: stderr || String(shortMessage), timedOut };
}

/** Returns the error for a question that Nextflow did not answer. */
export function unanswered(what: string, { arguments: args }: Question, error: string): EscrowError {
  return new EscrowError('config-invalid', `${what}: ${error.slice(0, 2000).trim()}`, {
    hint: `Reproduce the error with: ${quoteShellWords(['nextflow', ...args])}`,
  });
}
