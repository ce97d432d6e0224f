import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { EscrowError, systemCode } from '../../../errors.ts';
import { nearestExistingAncestor } from '../path-lookup.ts';
import { UntrustedPathError, type Fault, type Purpose } from './trust-error.ts';
import { withTrustedFile } from './trusted-file.ts';
import { openTrusted } from './trusted-path.ts';

/** Why others can change what is at a path. */
export interface PathFault extends Fault {
  /** What is at fault is a sticky directory: others can make there what is not there yet, and nothing else. */
  readonly isMissing?: boolean;
}

/** Only the fault of a refusal is wanted here. */
const ANY: Purpose = { what: 'path', variable: '', example: '' };

/**
 * Why others can change a directory, or put another one in its place; undefined: nobody can, as far as can be told. Of one
 * that is not there: whether others could make it first.
 */
export function faultOfDirectory(path: string): PathFault | undefined {
  const fault = faultIn(() => openTrusted({ path, purpose: ANY, need: 'unwritable' })?.close());
  if (fault !== undefined || kindOf(path) !== undefined) return fault;
  const missing = faultIn(() => {
    const above = nearestExistingAncestor(dirname(path));
    openTrusted({ path: above, purpose: ANY, need: 'unwritable' })?.close();
  });
  return missing === undefined ? undefined : { ...missing, isMissing: true };
}

/** The same for a file, by whatever links it is reached; undefined also where there is none. */
export function faultOfFile(path: string): PathFault | undefined {
  return faultIn(() => withTrustedFile(path, ANY, () => undefined));
}

/** The same for either, where it is there. */
export function faultOfExisting(path: string): PathFault | undefined {
  const kind = kindOf(path);
  if (kind === undefined) return undefined;
  return kind === 'directory' ? faultOfDirectory(path) : faultOfFile(path);
}

/** What is not there, not for us to reach or something else than expected cannot be run either: Nextflow says so. */
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
    return undefined; // ENOTDIR, EACCES, ELOOP: nothing that could be used
  }
}
