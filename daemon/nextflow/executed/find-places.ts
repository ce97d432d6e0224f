import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { packageFile } from '../../package-files.ts';
import { faultAmong } from '../../system/files/trust/find-fault-among.ts';
import {
  faultOfDirectory,
  faultOfExisting,
  faultOfFile,
  type PathFault,
} from '../../system/files/trust/find-fault.ts';
import { userAndRoot, type TrustedOwners } from '../../system/files/trust/trusted-owners.ts';
import { sharingAncestors } from '../../system/files/trust/trusted-path.ts';
import { findJava } from '../launcher/java.ts';
import { configurationFiles } from '../launcher/configuration-files.ts';
import { homeOf } from '../launcher/nextflow-home.ts';
import { assetsOf, findPipeline } from '../launcher/pipeline.ts';
import { valueOf } from '../launcher/pipeline-argument.ts';
import { readLauncher } from '../launcher/version.ts';
import { isPluginName } from '../plugin/trusted-plugin.ts';
import type { Execution } from './execution.ts';
import type { Use } from './uses.ts';
import { workDirectoryOf } from './work-directory.ts';

/** A path that other users can change. */
export interface Found {
  readonly use: Use;
  /** The path that the run uses. The fault may be in a directory above it. */
  readonly path: string;
  readonly fault: PathFault;
}

type Find = (path: string, owners: TrustedOwners) => PathFault | undefined;
type Look = readonly [use: Use, path: string, find: Find];

const ALL = (): boolean => true;
const isJar = (name: string): boolean => name.endsWith('.jar');
const isTaskPrefix = (name: string): boolean => /^[0-9a-f]{2}$/.test(name);
const isJavaLibrary = (name: string): boolean => /^(?:modules|server|.*\.(?:so|jar))$/.test(name);

/**
 * Examines everything that a run executes: each directory and its direct entries, never whole trees. Does not examine included
 * configurations, containers, Conda environments and programs on PATH.
 */
export function findPlaces(execution: Execution): { readonly found: Found[]; readonly work?: string } {
  const pipeline = findPipeline(execution);
  const files = configurationFiles(execution, pipeline);
  const work = workDirectoryOf(execution, files, pipeline);
  const looks: Look[] = [
    ...launchLooks(execution),
    ...(work === undefined ? [] : directoryLooks('work', work, isTaskPrefix)),
    ...(pipeline?.kind === 'local' ? projectLooks('pipeline', pipeline.directory) : []),
    ...files.map((file): Look => ['configuration', file, faultOfFile]),
    ...homeLooks(execution, pipeline?.kind === 'project' ? pipeline.project : undefined),
    ...programLooks(execution),
  ];
  const found = sharingAncestors(() =>
    looks.flatMap(([use, path, find]) => {
      // Plugins receive secrets and run in the head, so that no further account is trusted with them.
      const fault = find(path, use === 'plugins' ? userAndRoot : execution.owners);
      return fault === undefined ? [] : [{ use, path, fault }];
    }),
  );
  return { found, ...(work === undefined ? {} : { work }) };
}

/** Examines a directory, which may not exist yet, and its entries. */
function directoryLooks(use: Use, path: string, accepts: (name: string) => boolean): Look[] {
  return [[use, path, (its, owners) => faultOfDirectory(its, owners) ?? faultAmong(its, accepts, owners)]];
}

function launchLooks({ directory, env, arguments: args }: Execution): Look[] {
  const cache = resolve(directory, env['NXF_CACHE_DIR'] || '.nextflow');
  const library = valueOf(args, '-lib') ?? env['NXF_LIB'];
  return [
    ['launch', directory, faultOfDirectory],
    ...directoryLooks('cache', cache, ALL),
    ...(library ?? '')
      .split(/[,:]/)
      .filter((path) => path !== '')
      .map((path): Look => ['library', resolve(directory, path), faultOfExisting]),
  ];
}

/** Examines a pipeline's scripts and configurations, and the programs and classes that its tasks and scripts use. */
function projectLooks(use: Use, path: string): Look[] {
  const parts = ['bin', 'lib', 'modules', 'subworkflows', 'workflows', 'templates', 'conf'];
  const isPart = (name: string): boolean => parts.includes(name) || /\.(?:nf|config|groovy)$/.test(name);
  const programs: Find = (its, owners) =>
    faultAmong(join(its, 'bin'), ALL, owners) ?? faultAmong(join(its, 'lib'), ALL, owners);
  return [
    [
      use,
      path,
      (its, owners) =>
        faultOfDirectory(its, owners) ?? faultAmong(its, isPart, owners) ?? programs(its, owners),
    ],
  ];
}

function homeLooks(execution: Execution, project: string | undefined): Look[] {
  const { env, directory, plugins, nextflow } = execution;
  const home = homeOf(execution);
  const assets = assetsOf(execution);
  const { version } = execution.launcher ?? readLauncher(nextflow, env);
  const framework = resolve(directory, env['NXF_DIST'] || join(home, 'framework'));
  const binary = env['NXF_BIN'];
  const jars = binary ? dirname(resolve(directory, binary)) : join(framework, version ?? '');
  const downloaded = project === undefined ? [] : [join(assets, project), join(assets, '.repos', project)];
  return [
    ['home', home, faultOfDirectory],
    ['assets', assets, faultOfDirectory],
    ...downloaded.flatMap((path) => projectLooks('assets', path)),
    ...directoryLooks('jars', jars, isJar),
    // The launcher reads a command line from files in this directory.
    ...directoryLooks('jars', resolve(directory, env['NXF_LAUNCHER'] || join(home, 'tmp/launcher')), ALL),
    ...directoryLooks('plugins', plugins, isPluginName),
  ];
}

function programLooks({ nextflow, env }: Execution): Look[] {
  const java = findJava(env)?.path;
  const beside = dirname(realOr(nextflow));
  const own = packageFile('.');
  return [
    [
      'launcher',
      nextflow,
      (its, owners) =>
        faultOfFile(its, owners) ??
        faultAmong(beside, isJar, owners) ??
        faultOfJars(join(beside, 'jars'), owners),
    ],
    ...(java === undefined ? [] : [['java', java, faultOfJava] as const]),
    ['node', process.execPath, faultOfFile],
    ['escrow', own, faultOfDirectory],
  ];
}

function faultOfJars(path: string, owners: TrustedOwners): PathFault | undefined {
  return faultOfExisting(path, owners) ?? faultAmong(path, isJar, owners);
}

function faultOfJava(path: string, owners: TrustedOwners): PathFault | undefined {
  const library = join(dirname(dirname(realOr(path))), 'lib');
  return (
    faultOfFile(path, owners) ??
    (basename(dirname(library)) === '' ? undefined : faultOfExisting(library, owners)) ??
    faultAmong(library, isJavaLibrary, owners) ??
    faultAmong(join(library, 'server'), isJavaLibrary, owners)
  );
}

function realOr(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // it cannot be started
  }
}
