import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { whyPluginUnusable } from '../../nextflow/plugin/secret-delivery.ts';
import { shippedPlugin, type ShippedPlugin } from '../../nextflow/plugin/plugin-files.ts';
import { isInstalled, openPluginsDirectory } from '../../nextflow/plugin/plugin-install.ts';
import { choosePluginsDirectory } from '../../nextflow/plugin/plugins-directory.ts';
import { ok, warning, type Check } from '../check.ts';
import { findLauncher } from './nextflow.ts';
import type { DoctorContext } from '../doctor-context.ts';

/** Checks whether our plugin delivers the secrets of runs. Does not install it: the first launch does. */
export function checkPlugin(subject: DoctorContext): Check[] {
  const launcher = findLauncher(subject);
  const shipped = shippedPlugin();
  if (launcher === undefined) return [];
  const refusal = whyPluginUnusable(launcher, subject.env);
  if (refusal !== undefined || shipped === undefined)
    return [
      warning(
        'plugin',
        `not used: ${refusal ?? 'it is not installed'}. Runs use Nextflow's own format, which supports fewer values and may give a task undeclared secrets`,
        'Fix the named cause. See docs/limits.md for what the plugin does.',
      ),
    ];
  const { env, paths } = subject;
  if (paths === undefined) return [];
  const { path, instead } = choosePluginsDirectory({ env, directory: process.cwd(), state: paths.state });
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
