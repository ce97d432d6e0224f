import { findJava } from '../../nextflow/launcher/java.ts';
import { isProgram } from '../../system/files/find-program.ts';

/** Statuses of a shell that could not execute a program (126) or find it (127). */
const NOT_STARTED: Readonly<Record<number, string>> = {
  126: 'a program could not be executed',
  127: 'a program was not found',
};

/**
 * Returns what may have kept nextflow from starting, for the person who started it: a program that its launcher needs, which is
 * often Java. Undefined if its exit status does not suggest that.
 */
export function explainFailedStart(
  status: number,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const why = NOT_STARTED[status];
  const java = findJava(env);
  const isMissing = java === undefined || !isProgram(java.path);
  if (why === undefined && !(status === 1 && isMissing)) return undefined;
  const found =
    why === undefined ? `nextflow ended with status ${String(status)}` : `${why} (status ${String(status)})`;
  const cause = isMissing ? 'Java was not found.' : 'nextflow or a program that it needs may be missing.';
  return `${found}: ${cause} Check this machine with: nf-escrow doctor`;
}
