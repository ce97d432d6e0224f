import { lstatSync } from 'node:fs';
import { resolve } from 'node:path';
import { systemCode } from '../../errors.ts';
import { readFileNoFollow } from '../../system/files/read-regular-file.ts';
import { isRunName } from '../launcher/run-name.ts';
import { parseLogLine } from './log-line.ts';

/**
 * Facts from a run's log. Any text that Nextflow logs can forge a line, so these facts inform people and no decision depends on
 * them. Undefined if not logged yet.
 */
export interface LogFacts {
  runName?: string | undefined;
  sessionId?: string | undefined;
  /** Why Nextflow aborted: `SIGTERM`, or the beginning of an error message. */
  abortCause?: string | undefined;
  /** Whether the workflow has ended, in any state. */
  completed?: boolean;
  /** Whether the last line of a regular exit was logged. */
  goodbye?: boolean;
}

const SESSION = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const CAUSE_MAX = 200;

/** Adds the facts in one line of the log, in the format of Nextflow 24.10 to 26.x. Ignores other lines. */
export function readLogLine(facts: LogFacts, line: string): void {
  const { logger, message = '' } = parseLogLine(line) ?? {};
  const after = (start: string): string | undefined =>
    message.startsWith(start) ? message.slice(start.length).trim() : undefined;
  if (logger === 'Session') {
    facts.runName ??= matching(isRunName, after('Run name: '));
    facts.sessionId ??= matching((text) => SESSION.test(text), after('Session UUID: '));
    facts.abortCause ??= after('Session aborted -- Cause: ')?.slice(0, CAUSE_MAX);
  } else if (logger === 'ScriptRunner') {
    if (after('> Execution complete -- Goodbye') !== undefined) facts.goodbye = true;
  } else if (after('Workflow completed > ') !== undefined) {
    facts.completed = true;
  }
}

function matching(isValid: (text: string) => boolean, text: string | undefined): string | undefined {
  return text !== undefined && isValid(text) ? text : undefined;
}

/** Number of old logs that Nextflow keeps in addition to the newest one. */
const ROTATIONS = 9;
const HEAD_BYTES = 64 * 1024;

/** Returns the paths to which Nextflow renames its newest log, one at each later start. */
export function rotatedLogs(newest: string): string[] {
  return Array.from({ length: ROTATIONS }, (_, index) => `${newest}.${String(index + 1)}`);
}

/**
 * Returns the log that names the process id of a head: the newest one or a rotated one, because several heads may share a launch
 * directory. Undefined if there is none yet. Ignores logs older than `since` (milliseconds since 1970).
 */
export function findLog(newest: string, pid: number, since: number): string | undefined {
  const candidates = [newest, ...rotatedLogs(newest)];
  const owner = new RegExp(`^ *Process: ${String(pid)}@`, 'm');
  return candidates.find((path) => {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found?.isFile() !== true || found.uid !== process.geteuid?.()) return false;
    // File timestamps may be coarser than our clock, and a file server has its own clock.
    if (found.mtimeMs < since - 2000) return false;
    return owner.test(readHead(path));
  });
}

/** Returns the path of Nextflow's newest log: `-log`, else NXF_LOG_FILE, else `.nextflow.log` in the launch directory. */
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
    if (['ENOENT', 'EACCES'].includes(systemCode(error) ?? '')) return ''; // rotated in the meantime
    throw error;
  }
}
