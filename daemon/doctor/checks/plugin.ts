import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { asEscrowError } from '../../errors.ts';
import { pluginsDirectory, whyPluginUnusable } from '../../nextflow/plugin/secret-delivery.ts';
import { shippedPlugin } from '../../nextflow/plugin/plugin-files.ts';
import { isInstalled } from '../../nextflow/plugin/plugin-install.ts';
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
  const directory = join(pluginsDirectory(subject.env), `nf-escrow-${shipped.version}`);
  try {
    if (isInstalled(directory, shipped)) return [ok('plugin', `${directory}, as it was shipped`)];
  } catch (error) {
    const { message, hint } = asEscrowError(error);
    return [warning('plugin', message, hint)];
  }
  const is = lstatSync(directory, { throwIfNoEntry: false }) === undefined ? 'not there yet' : 'another one';
  return [ok('plugin', `${directory} is ${is}; the next launch installs ${shipped.version}`)];
}
