import { dirname, join } from 'node:path';
import { EscrowError } from '../../../errors.ts';
import { userTitle } from './local-accounts.ts';
import { homeDirectory } from '../../processes/own-account.ts';
import { quoteShellWord } from '../../processes/shell-word.ts';

/** Purpose of a path, and the setting that changes it. */
export interface Purpose {
  /** A noun phrase, such as "state directory". */
  readonly what: string;
  /** The variable or option, such as NF_ESCROW_HOME. */
  readonly variable: string;
  /** A suitable path relative to the home. */
  readonly example: string;
  /** Whether the whole tree below it must be closed. */
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
  /** Whether it belongs to the user, who can change its mode. */
  readonly isOwn: boolean;
  /** Who could change it: "user 1001 (ann)", "members of group 1005 (lab)", "every user of this machine". */
  readonly who: string;
  /** The user id, if it belongs to another user. */
  readonly owner?: number;
  /** The reason, as a clause without subject. */
  readonly why: string;
  /** The mode change that fixes it. */
  readonly change: 'go-w' | 'go-rwx';
}

/** Returns the fault of a file or directory with another owner. */
export function faultOfOwner(at: string, uid: number): Fault {
  const who = userTitle(uid);
  return { at, isOwn: false, who, owner: uid, why: `belongs to ${who}, not to you`, change: 'go-w' };
}

/** Returns the fault of a file or directory that others can write to. `writers` as returned by `otherWriters`. */
export function faultOfWriters(at: string, isOwn: boolean, writers: string): Fault {
  const who = writers.replace(/,$/, '');
  return { at, isOwn, who, why: `can be changed by others: ${writers} can write to it`, change: 'go-w' };
}

/** A path that cannot be trusted, with the fault. */
export class UntrustedPathError extends EscrowError {
  readonly fault: Fault;

  constructor(fault: Fault, message: string, hint: string) {
    super('permissions-too-open', message, { hint });
    this.fault = fault;
  }
}

/**
 * Returns the error for an untrusted path: the directory at fault, who can write to it, and the remedy. Suggests mode changes
 * only for the user's own directories, because a chmod of a system directory would break other programs.
 */
export function untrusted(
  path: string,
  { what, variable, example, isTree = false }: Purpose,
  fault: Fault,
): UntrustedPathError {
  const { at, why, isOwn, change } = fault;
  const subject = at === path ? 'it' : `"${at}"`;
  const home = homeDirectory();
  const isPrivate = at === path || at === dirname(path) || at === home || at.startsWith(`${home}/`);
  const other = `Set ${variable} to a directory that others cannot change`;
  const move = isAbove(at, home)
    ? `${other}, or ask the administrator of this machine.`
    : `${other}, such as ${quoteShellWord(join(home, example))}.`;
  const chmod = `chmod ${isTree && at === path ? '-R ' : ''}${change} ${quoteShellWord(at)}`;
  const hint = !isOwn
    ? move
    : isPrivate
      ? chmod
      : `Run ${chmod} if it is not shared on purpose. Otherwise ${move.charAt(0).toLowerCase()}${move.slice(1)}`;
  return new UntrustedPathError(fault, `Cannot use the ${what} "${path}": ${subject} ${why}.`, hint);
}

/** Returns whether a directory is the user's home or one of its ancestors. */
export function isAbove(path: string, home: string): boolean {
  return path === '/' || path === home || home.startsWith(`${path}/`);
}
