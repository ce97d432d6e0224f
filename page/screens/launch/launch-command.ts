import type { LaunchRequest } from '../../../daemon/contract/types.ts';
import { commandLine } from '../../format/command.ts';

const FILE = 'nf-escrow-params';

/** Returns the command that launches the same run in a POSIX shell. It contains names of secrets, never values. */
export function launchCommand(request: LaunchRequest): string {
  const { pipeline, launchDirectory, revision, profile, workDirectory, workspace, computeEnvironment } =
    request;
  const { words, file } = parametersOf(request);
  const run = commandLine(
    ...['nf-escrow', 'run', '--detach'],
    ...option('--workspace', workspace),
    ...option('--compute-env', computeEnvironment),
    ...selectionOf(request),
    '--', // the pipeline may have parameters that are called like options of nf-escrow
    pipeline,
    ...option('-r', revision),
    ...option('-profile', profile),
    ...option('-work-dir', workDirectory),
    ...words,
  );
  const written =
    file === undefined ? [] : [`${commandLine('printf', '%s\\n', file.text)} >${commandLine(file.name)}`];
  return [commandLine('cd', launchDirectory), ...written, run].join(' &&\n');
}

function option(name: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [name, value];
}

function selectionOf({ selection }: LaunchRequest): readonly string[] {
  if (selection?.none === true) return ['--no-secrets'];
  return (selection?.only ?? []).flatMap(({ name, scope }) => [
    scope === null || scope === 'local' ? '--only-secret' : `--${scope}-secret`,
    name,
  ]);
}

interface Parameters {
  readonly words: readonly string[];
  /** A parameters file that has to be written first. */
  readonly file?: { readonly name: string; readonly text: string };
}

/** Parameters are options if Nextflow reads the same values from them, else a file. */
function parametersOf({ parameters = {}, parametersText }: LaunchRequest): Parameters {
  if (parametersText !== undefined) return inFile(`${FILE}.yaml`, parametersText);
  const options = Object.entries(parameters).map(([name, value]) => optionOf(name, value));
  return options.every((words) => words !== undefined)
    ? { words: options.flat() }
    : inFile(`${FILE}.json`, JSON.stringify(parameters));
}

function inFile(name: string, text: string): Parameters {
  return { words: ['-params-file', name], file: { name, text } };
}

/**
 * Returns the option of a parameter, or undefined if Nextflow would read another value from it: it converts texts that look like a
 * number or a boolean, takes a leading hyphen for the next option, and splits some names.
 */
function optionOf(name: string, value: unknown): readonly string[] | undefined {
  if (!/^\w+$/.test(name)) return undefined;
  if (typeof value === 'boolean' || (typeof value === 'number' && value >= 0))
    return [`--${name}`, String(value)];
  const isText =
    typeof value === 'string' && /^(?!(?:true|false|null|nan|infinity)$)[A-Za-z/][^\n]*$/i.test(value);
  return isText ? [`--${name}`, value] : undefined;
}
