import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';

/**
 * Returns the absolute path of the first program of this name in the directories of `path`, the value of PATH. Unlike a
 * shell, ignores empty entries, which mean the current directory: a program in a launch directory is no system command.
 * `accepts` rejects programs that the caller does not want.
 */
export function findProgram(
  name: string,
  path: string | undefined,
  accepts: (program: string) => boolean = () => true,
): string | undefined {
  return (path ?? '')
    .split(delimiter)
    .filter((directory) => directory !== '')
    .map((directory) => resolve(directory, name))
    .find((program) => isProgram(program) && accepts(program));
}

/** Returns whether this user may execute the file. Directories are executable too, but are no programs. */
export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // it cannot be started, for any reason
  }
}
