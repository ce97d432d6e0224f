import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeDurable } from '../system/files/atomic-write.ts';
import { quote } from '../system/processes/shell-word.ts';

/** What the head of a run as a job needs to know. */
export interface Head {
  /** The run directory. */
  readonly directory: string;
  readonly launchDirectory: string;
  /** Of the shim. */
  readonly arguments: readonly string[];
  readonly requeue: boolean;
}

/** Writes the script that a scheduler is to start for a run, into its directory; gives its path. */
export function writeHead({ directory, launchDirectory, requeue, ...head }: Head): string {
  const path = join(directory, 'head');
  const template = readFileSync(fileURLToPath(import.meta.resolve('#templates/head.sh')), 'utf8');
  const text = template
    .replace('@DIRECTORY@', () => quote(directory))
    .replace('@REQUEUE@', () => (requeue ? 'yes' : 'no'))
    .replace('@LAUNCH_DIRECTORY@', () => quote(launchDirectory))
    .replace('@ARGUMENTS@', () => head.arguments.map(quote).join(' '));
  writeDurable(path, text, 0o700);
  return path;
}
