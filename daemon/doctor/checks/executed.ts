import type { ComputeEnvironment } from '../../contract/types.ts';
import { describePlace } from '../../nextflow/executed/describe-place.ts';
import { examineExecution } from '../../nextflow/executed/examine.ts';
import { findNextflow } from '../../nextflow/launcher/find.ts';
import { whyPluginUnusable } from '../../nextflow/plugin/secret-delivery.ts';
import { choosePluginsDirectory, ownPluginsDirectory } from '../../nextflow/plugin/plugins-directory.ts';
import { umaskText } from '../../system/processes/umask.ts';
import { failure, ok, warning, type Check } from '../check.ts';
import type { DoctorContext } from '../doctor-context.ts';
import { currentDirectory } from './current-directory.ts';
import { findLauncher } from './nextflow.ts';

const NAME = 'executed files';

/**
 * Checks whether other users can change files that a run from this directory would execute, by the same rules as a launch. A
 * failure if the settings refuse such runs, else a warning.
 */
export function checkExecuted(subject: DoctorContext, environment?: ComputeEnvironment): Check[] {
  const { env, umask, policy, owners } = subject;
  const directory = currentDirectory();
  if (directory === undefined || findLauncher(subject) === undefined) return [];
  // On other platforms the work directory is in an object store, not in a file system.
  const workDir = environment === undefined || environment.platform === 'hpc' ? undefined : 's3://';
  const { places } = examineExecution({
    nextflow: findNextflow(subject.nextflow, env),
    arguments: ['run'],
    directory,
    env,
    umask,
    owners,
    plugins: pluginsOf(subject, directory),
    workDir,
  });
  const report = policy === 'refuse' ? failure : warning;
  if (places.length > 0) return places.map((place) => report(NAME, describePlace(place), place.remedy));
  const found = `other users cannot change the files that a run from ${directory} executes (umask ${umaskText(umask)})`;
  return [ok(NAME, found)];
}

/** Returns the directory from which a launch would load plugins. */
function pluginsOf(subject: DoctorContext, directory: string): string {
  const { env, paths, sharedPlugins } = subject;
  const launcher = findLauncher(subject);
  const isUsable = launcher !== undefined && whyPluginUnusable(launcher, env) === undefined;
  if (!isUsable || paths === undefined) return ownPluginsDirectory({ env, directory });
  return choosePluginsDirectory({ env, directory, state: paths.state, sharedPlugins }).path;
}
