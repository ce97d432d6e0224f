import { accessSync, constants, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { EscrowError, systemCode } from '../errors.ts';
import { ownAccount } from '../system/processes/own-account.ts';
import { userTitle } from '../system/files/trust/local-accounts.ts';
import { SOCKET } from '../system/files/trust/trust-error.ts';
import { openTrusted } from '../system/files/trust/trusted-path.ts';
import { ownerKind, type OwnerKind } from '../system/files/trust/user-namespace.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** A directory that an environment variable names, or what is used in its place. */
export interface OwnDirectory {
  readonly path: string;
  /** Why the variable is ignored. */
  readonly note?: string;
}

/**
 * Returns the user's home: HOME, or the home of the account if HOME is unset, empty or belongs to another user (root included), as
 * after `su` and `sudo -E`. Throws `config-invalid` if there is neither.
 */
export function findHome(env: Environment): OwnDirectory {
  const named = env['HOME'];
  const { home, uid } = ownAccount();
  if (!named) {
    if (home !== undefined && isAbsolute(home)) return { path: home };
    throw new EscrowError(
      'config-invalid',
      `Cannot find your home directory: HOME is not set, and user ${String(uid)} has none in the account database.`,
      { hint: 'Set HOME, or set NF_ESCROW_HOME to a directory that only you can change.' },
    );
  }
  if (!isAbsolute(named))
    throw new EscrowError('config-invalid', `HOME is "${named}". It must be an absolute path.`);
  const fault = faultOf(named, ['user']);
  if (fault === undefined || home === undefined || home === named || faultOf(home, ['user']) !== undefined)
    return { path: named };
  return { path: home, note: ignored('HOME', named, fault, home) };
}

/**
 * Returns the directory for a purpose that an XDG variable can name, or `fallback` if the variable is unset, relative (as the XDG
 * base directory specification requires) or names a directory of another user.
 */
export function findXdgDirectory(env: Environment, variable: string, fallback: () => string): OwnDirectory {
  const named = env[variable];
  if (!named || !isAbsolute(named)) return { path: fallback() };
  // A site may have made the directory for its users.
  const fault = faultOf(named, ['user', 'root']);
  if (fault === undefined) return { path: named };
  const path = fallback();
  return { path, note: ignored(variable, named, fault, path) };
}

/** The directory for sockets in `$XDG_RUNTIME_DIR`, or why there is none. */
export interface RuntimeDirectory {
  readonly path?: string;
  /** Why `$XDG_RUNTIME_DIR` is not used, as a sentence. */
  readonly unusable?: string;
}

/**
 * Returns the directory for the socket in `$XDG_RUNTIME_DIR`. It is not used if it is missing, belongs to another user (root
 * included: /tmp is no runtime directory), cannot be written to, or could be changed by others, or if what exists there under our
 * name has such a fault. `su` and `sudo -E` keep the variable of the first user.
 */
export function findRuntimeDirectory(env: Environment): RuntimeDirectory {
  const named = env['XDG_RUNTIME_DIR'];
  if (!named || !isAbsolute(named)) return {};
  const unusable = (why: string): RuntimeDirectory => ({ unusable: `XDG_RUNTIME_DIR is not used: ${why}` });
  try {
    const runtime = openTrusted({ path: named, purpose: SOCKET, need: 'unwritable' });
    if (runtime === undefined) return unusable(`"${named}" does not exist.`);
    try {
      const { uid } = runtime.stats;
      if (ownerKind(uid, named) !== 'user' || uid !== process.geteuid?.())
        return unusable(`"${named}" belongs to ${userTitle(uid)}.`);
      accessSync(runtime.self, constants.W_OK | constants.X_OK);
    } finally {
      runtime.close();
    }
    const path = join(named, 'nf-escrow');
    openTrusted({ path, purpose: SOCKET, need: 'private' })?.close();
    return { path };
  } catch (error) {
    return unusable(error instanceof Error ? error.message : `cannot use "${named}".`);
  }
}

/** Returns why a directory is not the user's, as a clause, or undefined. A missing directory may become the user's. */
function faultOf(path: string, owners: readonly OwnerKind[]): string | undefined {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined || owners.includes(ownerKind(found.uid, path))) return undefined;
    return `belongs to ${userTitle(found.uid)}`;
  } catch (error) {
    return systemCode(error) === 'EACCES' ? 'is not accessible' : undefined;
  }
}

function ignored(variable: string, named: string, fault: string, path: string): string {
  return `${variable} is not used, because "${named}" ${fault}. Using "${path}".`;
}
