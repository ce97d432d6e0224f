import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { ComputeEnvironment } from '../../contract/types.ts';
import { whyPluginUnusable } from '../../nextflow/plugin/secret-delivery.ts';
import { shippedPlugin, type ShippedPlugin } from '../../nextflow/plugin/plugin-files.ts';
import { isInstalled, openPluginsDirectory } from '../../nextflow/plugin/plugin-install.ts';
import { choosePluginsDirectory, whyUnusable } from '../../nextflow/plugin/plugins-directory.ts';
import { platformRules } from '../../stores/registry.ts';
import { failure, ok, warning, type Check } from '../check.ts';
import { currentDirectory } from './current-directory.ts';
import { findLauncher } from './nextflow.ts';
import type { DoctorContext } from '../doctor-context.ts';

const REMEDY = 'Fix the named cause. See docs/limits.md for what the plugin does.';
const OWN_FORMAT =
  "runs use Nextflow's own format, which supports fewer values and may give a task undeclared secrets";

/**
 * Checks whether our plugin delivers the secrets of runs. Does not install it: the first launch does. Where a platform requires the
 * plugin, a launch without it fails.
 */
export function checkPlugin(subject: DoctorContext, environment?: ComputeEnvironment): Check[] {
  const launcher = findLauncher(subject);
  const shipped = shippedPlugin();
  if (launcher === undefined) return [];
  const refusal = whyPluginUnusable(launcher, subject.env);
  const isRequired =
    environment !== undefined && platformRules[environment.platform].oldestNextflow !== undefined;
  if (refusal !== undefined || shipped === undefined) {
    const why = refusal ?? 'this nf-escrow was built without it';
    if (isRequired)
      return [
        failure(
          'plugin',
          `The plugin is not used, but compute environment ${environment.name} requires it: ${why}`,
          REMEDY,
        ),
      ];
    return [warning('plugin', `The plugin is not used, because ${why}: ${OWN_FORMAT}`, REMEDY)];
  }
  const { env, paths, sharedPlugins } = subject;
  const directory = currentDirectory();
  if (paths === undefined || directory === undefined) return [];
  const where = { env, directory, state: paths.state, sharedPlugins };
  const { path, isOwn, instead } = choosePluginsDirectory(where);
  const unusable = isOwn ? undefined : whyUnusable(path);
  if (unusable !== undefined)
    return [
      failure(
        'plugin',
        `The plugin cannot be installed, so ${OWN_FORMAT}: ${unusable.message}`,
        instead?.hint ?? unusable.hint,
      ),
    ];
  const found = describePlugin(path, shipped);
  if (instead === undefined) return [ok('plugin', found)];
  return [warning('plugin', `${found}. ${instead.message}`, instead.hint)];
}

function describePlugin(path: string, shipped: ShippedPlugin): string {
  const name = `nf-escrow-${shipped.version}`;
  const plugins = openPluginsDirectory(path, { create: false });
  try {
    if (plugins !== undefined && isInstalled(plugins, name, shipped))
      return `${join(path, name)}, identical to the shipped plugin`;
    const exists =
      plugins !== undefined && lstatSync(plugins.at(name), { throwIfNoEntry: false }) !== undefined;
    const state = exists ? 'differs from the shipped plugin' : 'does not exist yet';
    return `${join(path, name)} ${state}; the next launch installs ${shipped.version}`;
  } finally {
    plugins?.close();
  }
}
