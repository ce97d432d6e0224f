import { writeFileAtomic } from '../system/files/atomic-write.ts';
import { fillTemplate } from '../system/files/fill-template.ts';
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
  const text = fillTemplate('head.sh', {
    KEPT_VARIABLES: head.keptVariables.join(' | '),
    DIRECTORY: quoteShellWord(directory),
    REQUEUE: requeue ? 'yes' : 'no',
    LAUNCH_DIRECTORY: quoteShellWord(launchDirectory),
    ARGUMENTS: head.arguments.map(quoteShellWord).join(' '),
  });
  writeFileAtomic(path, text, 0o700);
  return path;
}
