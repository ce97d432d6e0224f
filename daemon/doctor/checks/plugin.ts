import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { whyPluginUnusable } from '../../nextflow/plugin/secret-delivery.ts';
import { shippedPlugin, type ShippedPlugin } from '../../nextflow/plugin/plugin-files.ts';
import { isInstalled, openPluginsDirectory } from '../../nextflow/plugin/plugin-install.ts';
import { choosePluginsDirectory } from '../../nextflow/plugin/plugins-directory.ts';
import { ok, warning, type Check } from '../check.ts';
import { findLauncher } from './nextflow.ts';
import type { DoctorContext } from '../doctor-context.ts';

/** Whether runs get their secrets by our plugin. Nothing is installed: the first launch does that. */
export function checkPlugin(subject: DoctorContext): Check[] {
  const launcher = findLauncher(subject);
  const shipped = shippedPlugin();
  if (launcher === undefined) return [];
  const refusal = whyPluginUnusable(launcher, subject.env);
  if (refusal !== undefined || shipped === undefined)
    return [
      warning(
        'plugin',
        `it is not used: ${refusal ?? 'it is not there'}. Runs get Nextflow's own format, which carries fewer values, and may give a task more than it declares`,
        'Change what is named there; docs/limits.md says what the plugin is for.',
      ),
    ];
  const { env, paths } = subject;
  if (paths === undefined) return [];
  const { path, instead } = choosePluginsDirectory({ env, directory: process.cwd(), state: paths.state });
  const found = tellOf(path, shipped);
  if (instead === undefined) return [ok('plugin', found)];
  return [warning('plugin', `${found}. ${instead.message}`, instead.hint)];
}

function tellOf(path: string, shipped: ShippedPlugin): string {
  const name = `nf-escrow-${shipped.version}`;
  const plugins = openPluginsDirectory(path, { create: false });
  try {
    if (plugins !== undefined && isInstalled(plugins, name, shipped))
      return `${join(path, name)}, as it was shipped`;
    const isThere =
      plugins !== undefined && lstatSync(plugins.at(name), { throwIfNoEntry: false }) !== undefined;
    const is = isThere ? 'another one' : 'not there yet';
    return `${join(path, name)} is ${is}; the next launch installs ${shipped.version}`;
  } finally {
    plugins?.close();
  }
}
