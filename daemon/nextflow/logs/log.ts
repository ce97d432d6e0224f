import { lstatSync } from 'node:fs';
import { resolve } from 'node:path';
import { systemCode } from '../../errors.ts';
import { readFileNoFollow } from '../../system/files/read-regular-file.ts';
import { parseLogLine } from './log-line.ts';

/**
 * What a run's log says of it. Anybody whose text Nextflow logs can forge a line: this explains to people, and nothing is
 * decided by it. Undefined: not said yet.
 */
export interface LogFacts {
  runName?: string | undefined;
  sessionId?: string | undefined;
  /** Why Nextflow gave up: `SIGTERM`, or the beginning of an error's text. */
  abortCause?: string | undefined;
  /** The workflow came to its end, in whatever state. */
  completed?: boolean;
  /** The last line of a Nextflow that ended by itself. */
  goodbye?: boolean;
}

const RUN_NAME = /^[a-z](?:[a-z\d]|[-_](?=[a-z\d])){0,79}$/;
const SESSION = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const CAUSE_MAX = 200;

/** Takes in one line of the log. Lines as Nextflow 24.10 to 26.x write them; others are passed over. */
export function readLogLine(facts: LogFacts, line: string): void {
  const { logger, message = '' } = parseLogLine(line) ?? {};
  const after = (start: string): string | undefined =>
    message.startsWith(start) ? message.slice(start.length).trim() : undefined;
  if (logger === 'Session') {
    facts.runName ??= matching(RUN_NAME, after('Run name: '));
    facts.sessionId ??= matching(SESSION, after('Session UUID: '));
    facts.abortCause ??= after('Session aborted -- Cause: ')?.slice(0, CAUSE_MAX);
  } else if (logger === 'ScriptRunner') {
    if (after('> Execution complete -- Goodbye') !== undefined) facts.goodbye = true;
  } else if (after('Workflow completed > ') !== undefined) {
    facts.completed = true;
  }
}

function matching(format: RegExp, text: string | undefined): string | undefined {
  return text !== undefined && format.test(text) ? text : undefined;
}

/** Nextflow keeps this many old logs beside the newest one. */
const ROTATIONS = 9;
const HEAD_BYTES = 64 * 1024;

/**
 * Finds the log of one head: the newest one or one of those it was rotated to, as several heads may share a launch
 * directory; the one that names its process id. Undefined while there is none. `since` (ms): older logs cannot be of this run.
 */
export function findLog(newest: string, pid: number, since: number): string | undefined {
  const candidates = [
    newest,
    ...Array.from({ length: ROTATIONS }, (_, index) => `${newest}.${String(index + 1)}`),
  ];
  const owner = new RegExp(`^ *Process: ${String(pid)}@`, 'm');
  return candidates.find((path) => {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found?.isFile() !== true || found.uid !== process.geteuid?.()) return false;
    // File times may be a little coarser than ours, and those of a file server its own.
    if (found.mtimeMs < since - 2000) return false;
    return owner.test(readHead(path));
  });
}

/** Where Nextflow writes its newest log: `-log`, else NXF_LOG_FILE, else in the launch directory. */
export function expectedLog(
  launchDirectory: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): string {
  const command = args.indexOf('run');
  const launcher = command === -1 ? args : args.slice(0, command);
  const option = launcher.indexOf('-log');
  const named = (option === -1 ? undefined : launcher[option + 1]) ?? env['NXF_LOG_FILE'];
  return resolve(launchDirectory, named || '.nextflow.log');
}

function readHead(path: string): string {
  try {
    return readFileNoFollow(path, HEAD_BYTES)?.toString('utf8') ?? '';
  } catch (error) {
    if (['ENOENT', 'EACCES'].includes(systemCode(error) ?? '')) return ''; // rotated away as we looked
    throw error;
  }
}
