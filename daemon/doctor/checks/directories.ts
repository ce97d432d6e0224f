import type { Stats } from 'node:fs';
import { dirname } from 'node:path';
import type { Paths } from '../../config/paths.ts';
import { asEscrowError } from '../../errors.ts';
import { fileSystemType } from '../../system/files/file-system-type.ts';
import { RUNS, STATE } from '../../system/files/trust/trust-error.ts';
import { openTrusted } from '../../system/files/trust/trusted-path.ts';
import { failure, modeOf, ok, warning, type Check } from '../check.ts';
import { isWritableDirectory, nearestExistingAncestor } from '../../system/files/path-lookup.ts';
import { quoteShellWord } from '../../system/processes/shell-word.ts';

interface Directory {
  readonly name: string;
  readonly path: string;
  /** The variable that sets its path. */
  readonly variable: string;
  /** An alternative path below the home directory. */
  readonly example: string;
  /** Whether its content must survive a reboot. */
  readonly lasting: boolean;
}

interface DirectoryGroup {
  readonly name: string;
  readonly look: () => Check[];
  readonly touches: readonly string[];
}

/** Returns the checks of nf-escrow's private directories: each exists or can be created, is not a link, and has mode 0700. */
export function checkDirectories(paths: Paths): DirectoryGroup[] {
  const all: Directory[] = [
    { name: 'state directory', path: paths.state, ...STATE, lasting: true },
    { name: 'runs directory', path: paths.runs, ...RUNS, lasting: false },
    {
      name: 'configuration directory',
      path: dirname(paths.configFile),
      ...STATE,
      lasting: true,
    },
    {
      name: 'socket directory',
      path: paths.socketDirectory,
      ...STATE,
      lasting: false,
    },
  ];
  return all.map(groupOf);
}

/** Returns the same check for the runs directory of a compute environment. */
export function checkRunsDirectory(path: string): DirectoryGroup[] {
  const variable = '--runs-dir of the compute environment';
  return [groupOf({ name: 'environment runs directory', path, ...RUNS, variable, lasting: false })];
}

function groupOf(directory: Directory): DirectoryGroup {
  return { name: directory.name, look: () => [checkDirectory(directory)], touches: [directory.path] };
}

function checkDirectory(directory: Directory): Check {
  const { name, path, variable, example } = directory;
  let found;
  try {
    const opened = openTrusted({ path, purpose: { what: name, variable, example }, need: 'private' });
    found = opened?.stats;
    opened?.close();
  } catch (error) {
    const { message, hint } = asEscrowError(error);
    return failure(name, message, hint);
  }
  if (found === undefined) return checkAbsent(directory);
  if (!isWritableDirectory(path))
    return failure(
      name,
      `${path} is not writable`,
      `Run chmod u+rwx ${quoteShellWord(path)}, or check whether it is mounted read-only (\`mount\`).`,
    );
  return checkFileSystem(directory, found);
}

function checkAbsent({ name, path, variable }: Directory): Check {
  const nearest = nearestExistingAncestor(path);
  if (isWritableDirectory(nearest)) return ok(name, `${path} does not exist yet and can be created`);
  return failure(
    name,
    `cannot create ${path}: ${nearest} is not a writable directory`,
    `Create it, or set ${variable} to a directory that you can write to.`,
  );
}

function checkFileSystem({ name, path, variable, lasting }: Directory, found: Stats): Check {
  const type = fileSystemType(path);
  const where = `${path} (${modeOf(found)}, ${type.name}${type.network ? ', a network file system' : ''})`;
  if (lasting && ['tmpfs', 'ramfs'].includes(type.name))
    return warning(
      name,
      `${where}: its content is lost on reboot`,
      `Set ${variable} to a directory on a disk.`,
    );
  return ok(name, where);
}
