import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EscrowError } from '../../errors.ts';
import { quoteShellWords } from '../../system/processes/shell-word.ts';
import { takesValue } from './arguments.ts';
import type { Configured } from './overlay.ts';
import { configurationKeys } from './configuration-keys.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The parts of a command line that affect the configuration. */
interface RunLine {
  /** Arguments with which `nextflow config` evaluates the configuration of the same run. */
  readonly question: string[];
  /** Settings of the run's own options, which override any file. */
  readonly configured: Configured;
  /** Configuration files that `-C` names. If there are any, no other files are read. */
  readonly onlyFiles: readonly string[];
  /** Configuration files that `-c` names, which are read last. */
  readonly moreFiles: readonly string[];
}

/** Output of Nextflow. `error` is set if its exit status is not 0. */
interface Answer {
  readonly output: string;
  readonly error: string | undefined;
}

/** Limit of each output, in characters. */
const OUTPUT_MAX = 4 * 1024 * 1024;
/** Launcher options that affect the configuration. Others would write logs or start in the background. */
const OF_LAUNCHER = ['-C', '-c', '-config', '-D', '-config-ignore-includes'];
const OF_RUN = ['-c', '-config'];

/** Parses a complete command line: launcher options, `run`, the rest. */
export function readRunLine(args: readonly string[]): RunLine {
  const all = options(args);
  const at = all.findIndex(([name]) => name === '');
  const before = all.slice(0, at);
  // `nextflow FILE` runs that file. Otherwise the first word is `run`.
  const after = all.slice(all[at]?.[1] === 'run' ? at + 1 : at);
  const files = [
    ...before.filter(([name]) => OF_LAUNCHER.includes(name)),
    ...after.filter(([name]) => OF_RUN.includes(name)),
  ];
  const project = after.find(([name]) => name === '')?.[1];
  const last = (...names: string[]): string | undefined =>
    after.filter(([name]) => names.includes(name)).at(-1)?.[1];
  const [profile, revision] = [last('-profile'), last('-r', '-revision')];
  const set = after.flatMap(([name]) => {
    const [, key, value] = /^-(process\.(?:executor|queue))=(.*)$/s.exec(name) ?? [];
    return key === undefined ? [] : [[key, value ?? ''] as const];
  });
  const workDir = last('-w', '-work-dir');
  return {
    question: [
      ...files.flatMap(([name, value]) => (value === undefined ? [name] : [name, value])),
      'config',
      '-flat',
      ...(profile === undefined ? [] : ['-profile', profile]),
      ...(revision === undefined ? [] : ['-r', revision]),
      ...(project === undefined || project === '-' ? [] : [project]),
    ],
    configured: {
      ...(workDir === undefined ? {} : { workDir }),
      ...Object.fromEntries(set),
    },
    onlyFiles: files.flatMap(([name, value]) => (name === '-C' && value !== undefined ? [value] : [])),
    moreFiles: files.flatMap(([name, value]) =>
      ['-c', '-config'].includes(name) && value !== undefined ? [value] : [],
    ),
  };
}

/** Returns options with their values, in order. The pipeline is an option without a name; options may follow it. */
function options(args: readonly string[]): (readonly [name: string, value: string | undefined])[] {
  const found: [string, string | undefined][] = [];
  for (let index = 0; index < args.length; index += 1) {
    const token = args[index] ?? '';
    if (token.startsWith('--')) {
      // A parameter of the pipeline. Its value does not start with a hyphen.
      if (!token.includes('=') && args[index + 1]?.startsWith('-') === false) index += 1;
    } else if (token !== '-' && token.startsWith('-'))
      found.push([token, takesValue(token, args[index + 1]) ? args[(index += 1)] : undefined]);
    else found.push(['', token]);
  }
  return found;
}

/**
 * Returns which of the keys that we would set are already set by the pipeline's configuration or the user's `-c`, `-profile` or
 * `-w`, with their values. Costs a JVM start. Throws `config-invalid` with Nextflow's message.
 */
export async function readConfiguration(
  nextflow: string,
  args: readonly string[],
  { env, cwd }: { readonly env: Environment; readonly cwd: string },
): Promise<Configured> {
  const { question, configured } = readRunLine(args);
  const scratch = mkdtempSync(join(tmpdir(), 'nf-escrow-'));
  try {
    // A separate log, so that the logs of this run and earlier ones are not rotated.
    const log = ['-log', join(scratch, 'log'), '-q'];
    let answer = await ask(nextflow, [...log, ...question], { env, cwd });
    // `config -r` exists since 25.12. Before, `config` uses the revision that is checked out.
    if (answer.error?.includes('Unknown option: -r') === true)
      answer = await ask(nextflow, [...log, ...withoutRevision(question)], { env, cwd });
    if (answer.error === undefined) return { ...parse(answer.output), ...configured };
    throw new EscrowError(
      'config-invalid',
      `Cannot read the pipeline's configuration: ${answer.error.slice(0, 2000).trim()}`,
      { hint: `Reproduce the error with: ${quoteShellWords(['nextflow', ...question])}` },
    );
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function withoutRevision(question: readonly string[]): string[] {
  const at = question.lastIndexOf('-r');
  return question.filter((_, index) => index !== at && index !== at + 1);
}

/** Parses lines such as `process.queue = 'long'`. The last line of a key counts, as in Nextflow. */
function parse(output: string): Configured {
  const found: Record<string, string> = {};
  const keys = configurationKeys();
  for (const line of output.split('\n')) {
    const [key = '', value] = line.split(/ = (.*)/s, 2);
    if (value !== undefined && keys.includes(key))
      found[key] = value.replace(/^'(.*)'$/s, '$1').slice(0, 2048);
  }
  return found;
}

/** Not in its own process group: while it fetches the pipeline, Git may ask on the terminal for a password. */
async function ask(
  nextflow: string,
  args: readonly string[],
  { env, cwd }: { readonly env: Environment; readonly cwd: string },
): Promise<Answer> {
  const { execa } = await import('execa');
  const { exitCode, stdout, stderr, shortMessage } = await execa(nextflow, [...args], {
    ...{ env, extendEnv: false, cwd, stdin: 'ignore', maxBuffer: OUTPUT_MAX, reject: false },
  });
  return { output: stdout, error: exitCode === 0 ? undefined : stderr || String(shortMessage) };
}
