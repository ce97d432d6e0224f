import { askNextflow, unanswered } from './ask.ts';
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

/** Time limit. Nextflow may clone the pipeline's repository and download plugins first. */
const LIMIT_MS = 10 * 60_000;
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
  where: { readonly env: Environment; readonly cwd: string; readonly state: string },
): Promise<Configured> {
  const { question, configured } = readRunLine(args);
  // While it fetches the pipeline, Git may ask on the terminal for a password.
  const asked = { nextflow, arguments: question, ...where, limitMs: LIMIT_MS, mayPrompt: true };
  let answer = await askNextflow(asked);
  // `config -r` exists since 25.12. Before, `config` uses the revision that is checked out.
  if (answer.error?.includes('Unknown option: -r') === true)
    answer = await askNextflow({ ...asked, arguments: withoutRevision(question) });
  if (answer.error !== undefined)
    throw unanswered("Cannot read the pipeline's configuration", asked, answer.error);
  return { ...parse(answer.output), ...configured };
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
