import { writeFileAtomic } from '../system/files/atomic-write.ts';
import { fillTemplate } from '../system/files/fill-template.ts';
import { quoteShellWord, quoteShellWords } from '../system/processes/shell-word.ts';
import { runFile } from './layout.ts';

/** Input of a head job's script. */
export interface HeadScript {
  /** The run directory. */
  readonly directory: string;
  readonly launchDirectory: string;
  /** Arguments of the shim. */
  readonly arguments: readonly string[];
  readonly requeue: boolean;
  /** Variables that the job keeps from its own environment, as `case` patterns of a shell. */
  readonly keptVariables: readonly string[];
}

/** Writes the script of a head job into the run directory and returns its path. */
export function writeHeadScript({ directory, launchDirectory, requeue, ...head }: HeadScript): string {
  const path = runFile(directory, 'head');
  const text = fillTemplate('head.sh', {
    KEPT_VARIABLES: head.keptVariables.join(' | '),
    DIRECTORY: quoteShellWord(directory),
    REQUEUE: requeue ? 'yes' : 'no',
    LAUNCH_DIRECTORY: quoteShellWord(launchDirectory),
    ARGUMENTS: quoteShellWords(head.arguments),
  });
  writeFileAtomic(path, text, 0o700);
  return path;
}
