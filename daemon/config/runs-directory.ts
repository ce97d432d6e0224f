import { isAbsolute } from 'node:path';
import { EscrowError } from '../errors.ts';
import { ownAccount } from '../system/processes/own-account.ts';

const USER = '{user}';

/** Returns whether a text is a value of `runsDir`: an absolute path that contains no other placeholder than {user}. */
export function isRunsDirectory(text: string): boolean {
  return isAbsolute(text) && !/[{}]/.test(text.replaceAll(USER, ''));
}

/**
 * Replaces {user} by the name of the user, so that a site can set one directory for all. Throws `config-invalid` if the name is not
 * the name of a directory.
 */
export function readRunsDirectory(text: string, username = ownAccount().username): string {
  if (!text.includes(USER)) return text;
  if (!/^[^./\0][^/\0]*$/.test(username))
    throw new EscrowError(
      'config-invalid',
      `Cannot replace ${USER} in runsDir: the user name "${username}" is not the name of a directory.`,
      { hint: 'Set runsDir to a path without {user}.' },
    );
  return text.replaceAll(USER, () => username);
}
