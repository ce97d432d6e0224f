import { isWritableDirectory } from '../../system/files/path-lookup.ts';
import { failure, ok, type Check } from '../check.ts';

const NAME = 'current directory';
const CHANGE = 'Change to a directory in which you can create files, and launch there.';

/** Returns the current directory, or undefined if it was deleted. */
export function currentDirectory(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined; // checkCurrentDirectory reports it
  }
}

/** Checks that Nextflow could write its log and work directory to the current directory, from which a launch starts. */
export function checkCurrentDirectory(): Check[] {
  const directory = currentDirectory();
  if (directory === undefined)
    return [failure(NAME, 'the current directory was deleted, or you may not enter it', CHANGE)];
  if (isWritableDirectory(directory)) return [ok(NAME, `${directory} is writable`)];
  return [failure(NAME, `${directory} is not writable: Nextflow cannot create its log there`, CHANGE)];
}
