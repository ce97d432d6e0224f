import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { EscrowError } from '../../../errors.ts';
import { userTitle } from './local-accounts.ts';
import { quoteShellWord } from '../../processes/shell-word.ts';

/** What a path is for, and what names another one in its place. */
export interface Purpose {
  /** A noun phrase, such as "state directory". */
  readonly what: string;
  /** A variable or option, such as NF_ESCROW_HOME. */
  readonly variable: string;
  /** What would do there, below the home. */
  readonly example: string;
  /** Whether all below it is to be closed with it. */
  readonly isTree?: boolean;
}

/** NF_ESCROW_HOME moves state, configuration and socket. */
export const STATE: Purpose = { what: 'state directory', variable: 'NF_ESCROW_HOME', example: '.nf-escrow' };
export const SOCKET: Purpose = { ...STATE, what: 'socket directory' };
export const RUNS: Purpose = {
  what: 'runs directory',
  variable: 'NF_ESCROW_RUNS_DIR',
  example: '.nf-escrow/runs',
};

/** Why a path cannot be trusted. */
export interface Fault {
  /** The directory, link or file at fault. */
  readonly at: string;
  /** Its owner's mode bits can be changed by the user, who shares it with nobody on purpose. */
  readonly isOwn: boolean;
  /** Who could change it: "user 1001 (ann)", "members of group 1005 (lab)", "every user of this machine". */
  readonly who: string;
  /** The clause that follows the name of what is at fault. */
  readonly why: string;
  /** What to take away with chmod. */
  readonly change: 'go-w' | 'go-rwx';
}

/** What it means that a file or directory has another owner. */
export function faultOfOwner(at: string, uid: number): Fault {
  const who = userTitle(uid);
  return { at, isOwn: false, who, why: `belongs to ${who}, not to you`, change: 'go-w' };
}

/** What it means that others can write to a file or directory; `writers` as otherWriters tells them. */
export function faultOfWriters(at: string, isOwn: boolean, writers: string): Fault {
  const who = writers.replace(/,$/, '');
  return { at, isOwn, who, why: `can be changed by others: ${writers} can write to it`, change: 'go-w' };
}

/** A path that cannot be trusted, and why. */
export class UntrustedPathError extends EscrowError {
  readonly fault: Fault;

  constructor(fault: Fault, message: string, hint: string) {
    super('permissions-too-open', message, { hint });
    this.fault = fault;
  }
}

/**
 * The refusal of a path: the directory at fault, who could write to it, and what to do. Only modes of the user's own
 * directories are ever to be changed: a chmod of a directory of the system would break others' work.
 */
export function untrusted(
  path: string,
  { what, variable, example, isTree = false }: Purpose,
  fault: Fault,
): UntrustedPathError {
  const { at, why, isOwn, change } = fault;
  const subject = at === path ? 'it' : `"${at}"`;
  const home = homedir();
  const isPrivate = at === path || at === dirname(path) || at === home || at.startsWith(`${home}/`);
  const other = `Set ${variable} to a directory that others cannot change`;
  const move = isAbove(at, home)
    ? `${other}, or ask the administrator of this machine.`
    : `${other}, such as ${quoteShellWord(join(home, example))}.`;
  const mend = `chmod ${isTree && at === path ? '-R ' : ''}${change} ${quoteShellWord(at)}`;
  const hint = !isOwn ? move : isPrivate ? mend : `${mend}, if it is not shared on purpose. ${move}`;
  return new UntrustedPathError(fault, `Cannot use the ${what} "${path}": ${subject} ${why}.`, hint);
}

/** Whether a directory is the user's home, or above it. */
export function isAbove(path: string, home: string): boolean {
  return path === '/' || path === home || home.startsWith(`${path}/`);
}
