import type { ComputeEnvironment } from '../../contract/types.ts';
import { describePlace } from '../../nextflow/executed/describe-place.ts';
import { examineExecution } from '../../nextflow/executed/examine.ts';
import { findNextflow } from '../../nextflow/launcher/find.ts';
import { whyPluginUnusable } from '../../nextflow/plugin/secret-delivery.ts';
import { choosePluginsDirectory, ownPluginsDirectory } from '../../nextflow/plugin/plugins-directory.ts';
import { umaskText } from '../../system/processes/umask.ts';
import { failure, ok, warning, type Check } from '../check.ts';
import type { DoctorContext } from '../doctor-context.ts';
import { findLauncher } from './nextflow.ts';

const NAME = 'what runs execute';

/**
 * What others can change of what a run from this directory would execute, by the launch's own judgement; a failure where
 * such runs are refused.
 */
export function checkExecuted(subject: DoctorContext, environment?: ComputeEnvironment): Check[] {
  const { env, umask, policy } = subject;
  if (findLauncher(subject) === undefined) return [];
  const directory = process.cwd();
  // Other platforms have their work directory in an object store, in no file system.
  const workDir = environment === undefined || environment.platform === 'hpc' ? undefined : 's3://';
  const places = examineExecution({
    nextflow: findNextflow(subject.nextflow, env),
    arguments: ['run'],
    directory,
    env,
    umask,
    plugins: pluginsOf(subject, directory),
    workDir,
  });
  const tell = policy === 'refuse' ? failure : warning;
  if (places.length > 0) return places.map((place) => tell(NAME, describePlace(place), place.remedy));
  const found = `nobody else can change them, from ${directory} with umask ${umaskText(umask)}`;
  return [ok(NAME, found)];
}

/** From where a launch would load plugins. */
function pluginsOf(subject: DoctorContext, directory: string): string {
  const { env, paths } = subject;
  const launcher = findLauncher(subject);
  const isUsable = launcher !== undefined && whyPluginUnusable(launcher, env) === undefined;
  if (!isUsable || paths === undefined) return ownPluginsDirectory({ env, directory });
  return choosePluginsDirectory({ env, directory, state: paths.state }).path;
}
