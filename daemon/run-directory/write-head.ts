import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { writeFileAtomic } from '../system/files/atomic-write.ts';
import { quoteShellWord } from '../system/processes/shell-word.ts';
import { runFile } from './layout.ts';

/** What the head of a run as a job needs to know. */
export interface HeadScript {
  /** The run directory. */
  readonly directory: string;
  readonly launchDirectory: string;
  /** Of the shim. */
  readonly arguments: readonly string[];
  readonly requeue: boolean;
  /** What the job keeps of its own variables, as patterns of a shell's `case`. */
  readonly keptVariables: readonly string[];
}

/** Writes the script that a scheduler is to start for a run, into its directory; gives its path. */
export function writeHeadScript({ directory, launchDirectory, requeue, ...head }: HeadScript): string {
  const path = runFile(directory, 'head');
  const template = readFileSync(fileURLToPath(import.meta.resolve('#templates/head.sh')), 'utf8');
  const text = template
    .replace('@KEPT_VARIABLES@', () => head.keptVariables.join(' | '))
    .replace('@DIRECTORY@', () => quoteShellWord(directory))
    .replace('@REQUEUE@', () => (requeue ? 'yes' : 'no'))
    .replace('@LAUNCH_DIRECTORY@', () => quoteShellWord(launchDirectory))
    .replace('@ARGUMENTS@', () => head.arguments.map(quoteShellWord).join(' '));
  writeFileAtomic(path, text, 0o700);
  return path;
}
