import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { EscrowError, systemCode } from '../../../errors.ts';
import { nearestExistingAncestor } from '../path-lookup.ts';
import { UntrustedPathError, type Fault, type Purpose } from './trust-error.ts';
import { withTrustedFile } from './trusted-file.ts';
import { userAndRoot } from './trusted-owners.ts';
import { openTrusted } from './trusted-path.ts';

/** Why others can change the file or directory at a path. */
export interface PathFault extends Fault {
  /** The fault is a sticky directory, where others can only create the missing path. */
  readonly isMissing?: boolean;
}

/** Placeholder, because only the fault of a refusal is used here. */
const ANY: Purpose = { what: 'path', variable: '', example: '' };

/**
 * Returns why others can change or replace a directory. Undefined if nobody is known to be able to. For a missing directory,
 * returns whether others could create it. `owners`: further accounts that may own and write to it.
 */
export function faultOfDirectory(path: string, owners = userAndRoot): PathFault | undefined {
  const need = { purpose: ANY, need: 'unwritable', owners } as const;
  const fault = faultIn(() => openTrusted({ path, ...need })?.close());
  if (fault !== undefined || kindOf(path) !== undefined) return fault;
  const missing = faultIn(() => {
    const above = nearestExistingAncestor(dirname(path));
    openTrusted({ path: above, ...need })?.close();
  });
  return missing === undefined ? undefined : { ...missing, isMissing: true };
}

/** Returns why others can change or replace a file, with any links to it. Undefined if there is none. */
export function faultOfFile(path: string, owners = userAndRoot): PathFault | undefined {
  return faultIn(() => withTrustedFile(path, ANY, () => undefined, owners));
}

/** Returns why others can change or replace an existing file or directory. */
export function faultOfExisting(path: string, owners = userAndRoot): PathFault | undefined {
  const kind = kindOf(path);
  if (kind === undefined) return undefined;
  return kind === 'directory' ? faultOfDirectory(path, owners) : faultOfFile(path, owners);
}

/** A path that is missing, inaccessible or of another type cannot be executed, and Nextflow reports that. */
function faultIn(look: () => unknown): Fault | undefined {
  try {
    look();
    return undefined;
  } catch (error) {
    if (error instanceof UntrustedPathError) return error.fault;
    const isPathError =
      error instanceof EscrowError && ['path-conflict', 'ledger-unavailable'].includes(error.code);
    if (isPathError || systemCode(error) !== undefined) return undefined;
    throw error;
  }
}

function kindOf(path: string): 'directory' | 'other' | undefined {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found === undefined ? undefined : found.isDirectory() ? 'directory' : 'other';
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined; // ENOTDIR, EACCES, ELOOP: unusable
  }
}
