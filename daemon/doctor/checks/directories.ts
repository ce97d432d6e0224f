import type { Stats } from 'node:fs';
import { dirname } from 'node:path';
import type { Paths } from '../../config/paths.ts';
import { fileSystemType } from '../../system/files/file-system-type.ts';
import { failure, modeOf, ok, warning, type Check } from '../check.ts';
import { isWritableDirectory, lstatIfExists, nearestExistingAncestor } from '../path-lookup.ts';
import { quoteShellWord } from '../../system/processes/shell-word.ts';

interface Directory {
  readonly name: string;
  readonly path: string;
  /** The variable that moves it. */
  readonly variable: string;
  /** Whether what is in it has to outlive a reboot. */
  readonly lasting: boolean;
}

interface DirectoryGroup {
  readonly name: string;
  readonly look: () => Check[];
  readonly touches: readonly string[];
}

/** The directories that are ours alone: there, or can be made; no links; nobody else's, and closed to others. */
export function checkDirectories(paths: Paths): DirectoryGroup[] {
  const all: Directory[] = [
    { name: 'state directory', path: paths.state, variable: 'NF_ESCROW_HOME', lasting: true },
    { name: 'runs directory', path: paths.runs, variable: 'NF_ESCROW_RUNS_DIR', lasting: false },
    {
      name: 'configuration directory',
      path: dirname(paths.configFile),
      variable: 'NF_ESCROW_HOME',
      lasting: true,
    },
    {
      name: 'socket directory',
      path: paths.socketDirectory,
      variable: 'XDG_RUNTIME_DIR or NF_ESCROW_HOME',
      lasting: false,
    },
  ];
  return all.map(groupOf);
}

/** Likewise the runs directory that a compute environment has of its own. */
export function checkRunsDirectory(path: string): DirectoryGroup[] {
  const variable = '--runs-dir of the compute environment';
  return [groupOf({ name: 'its runs directory', path, variable, lasting: false })];
}

function groupOf(directory: Directory): DirectoryGroup {
  return { name: directory.name, look: () => [checkDirectory(directory)], touches: [directory.path] };
}

function checkDirectory(directory: Directory): Check {
  const { name, path, variable } = directory;
  const found = lstatIfExists(path);
  if (found === undefined) return checkAbsent(directory);
  const elsewhere = `Move it away, or set ${variable} to another directory.`;
  if (found.isSymbolicLink())
    return failure(name, `${path} is a link, which someone could turn elsewhere`, elsewhere);
  if (!found.isDirectory()) return failure(name, `${path} is there and is not a directory`, elsewhere);
  const us = process.geteuid?.();
  if (found.uid !== us)
    return failure(name, `${path} belongs to user ${String(found.uid)}, not to you`, elsewhere);
  if ((found.mode & 0o077) !== 0)
    return failure(
      name,
      `${path} has mode ${modeOf(found)}: others can reach it`,
      `chmod go-rwx ${quoteShellWord(path)}`,
    );
  if (!isWritableDirectory(path))
    return failure(
      name,
      `${path} cannot be written`,
      `chmod u+rwx ${quoteShellWord(path)}, or see \`mount\`.`,
    );
  return checkFileSystem(directory, found);
}

function checkAbsent({ name, path, variable }: Directory): Check {
  const nearest = nearestExistingAncestor(path);
  if (isWritableDirectory(nearest)) return ok(name, `${path} is not there yet, and can be made`);
  return failure(
    name,
    `${path} cannot be made: ${nearest} is no directory that you can write`,
    `Make it, or set ${variable} to a directory that you can write.`,
  );
}

function checkFileSystem({ name, path, variable, lasting }: Directory, found: Stats): Check {
  const type = fileSystemType(path);
  const where = `${path} (${modeOf(found)}, ${type.name}${type.network ? ', a network file system' : ''})`;
  if (lasting && ['tmpfs', 'ramfs'].includes(type.name))
    return warning(name, `${where}: a reboot loses it`, `Set ${variable} to a directory on a disk.`);
  return ok(name, where);
}
