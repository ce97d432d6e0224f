import type { SecretDelivery } from '../../contract/types.ts';
import { asEscrowError, EscrowError } from '../../errors.ts';
import { ensurePlugin } from './plugin-install.ts';
import { pluginLock } from './plugin-lock.ts';
import { ownPluginsDirectory, preparePluginsDirectory, type PluginsDirectory } from './plugins-directory.ts';
import type { Launch } from '../launcher/launch.ts';
import { shippedPlugin } from './plugin-files.ts';
import { isAtLeast, readLauncher, type Launcher } from '../launcher/version.ts';
import { wantsWeblog } from './weblog.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Decides how this launch delivers secrets, and installs the plugin if it is used. NXF_PLUGINS_DEFAULT names the plugin with
 * its exact version, in addition to the plugins in the pipeline's own configuration.
 */
export function chooseSecretDelivery(launch: Launch): SecretDelivery {
  const { env } = launch;
  const launcher = launch.launcher ?? readLauncher(launch.nextflow, env);
  const restore: Record<string, string> = {
    NF_ESCROW_RUN: env['NF_ESCROW_RUN'] ?? '',
    NXF_SECRETS_FILE: env['NXF_SECRETS_FILE'] ?? '',
    NXF_PLUGINS_DEFAULT: env['NXF_PLUGINS_DEFAULT'] ?? '',
  };
  // Also for an unknown version: what older versions need does not harm newer ones.
  const configPhase = isAtLeast(launcher.version, [25, 10]) !== true;
  const lock = pluginLock(launch, launcher.version);
  const refusal = whyPluginUnusable(launcher, env) ?? whyUnknown(launch) ?? lock.why;
  if (refusal !== undefined) return { plugin: null, reason: refusal, configPhase, environment: {}, restore };
  try {
    const plugins = preparePluginsDirectory(launch);
    const { version } = ensurePlugin(plugins.path);
    const defaults = [...asked(env), ...guessed(launch, plugins.path), `nf-escrow@${version}`];
    const environment = { ...placed(plugins), ...lock.environment, NXF_PLUGINS_DEFAULT: defaults.join(',') };
    for (const name of Object.keys(environment)) restore[name] = env[name] ?? '';
    return { plugin: version, reason: null, ...noteOn(plugins), configPhase, environment, restore };
  } catch (error) {
    const why = asEscrowError(error).message.replace(/\.$/, '');
    return { plugin: null, reason: why, configPhase, environment: {}, restore };
  }
}

/**
 * Adds the plugin that delivers secrets to tasks on AWS Batch. Throws `compute-environment-invalid` if a plugin cannot be used,
 * because Nextflow's own executor does not deliver secrets there.
 */
export function addAwsPlugin(secretDelivery: SecretDelivery, env: Environment): SecretDelivery {
  const unfit = (why: string): EscrowError =>
    new EscrowError(
      'compute-environment-invalid',
      `Cannot deliver secrets on AWS Batch without nf-escrow's plugins: ${why}.`,
    );
  if (secretDelivery.plugin === null) throw unfit(secretDelivery.reason ?? 'they are not used');
  const allowed = env['NXF_PLUGINS_ALLOWED']?.split(',').map((entry) => entry.trim().split('@')[0]);
  const missing = ['nf-escrow-aws', 'nf-amazon'].find((id) => allowed?.includes(id) === false);
  if (missing !== undefined) throw unfit(`NXF_PLUGINS_ALLOWED does not name ${missing}`);
  const plugins =
    secretDelivery.environment['NXF_PLUGINS_DIR'] ?? ownPluginsDirectory({ env, directory: process.cwd() });
  const { version } = ensurePlugin(plugins, 'nf-escrow-aws');
  const defaults = `${secretDelivery.environment['NXF_PLUGINS_DEFAULT'] ?? ''},nf-escrow-aws@${version}`;
  return { ...secretDelivery, environment: { ...secretDelivery.environment, NXF_PLUGINS_DEFAULT: defaults } };
}

function placed({ path, isOwn }: PluginsDirectory): Record<string, string> {
  return isOwn ? {} : { NXF_PLUGINS_DIR: path };
}

function noteOn({ path, instead }: PluginsDirectory): Pick<SecretDelivery, 'note'> {
  if (instead === undefined) return {};
  return { note: `plugins are loaded from ${path}: ${instead.message} Remedy: ${instead.hint}` };
}

/** Returns why this Nextflow would not load the plugin or would fail with it, as a clause, or undefined. */
export function whyPluginUnusable(
  { version, selfContained }: Launcher,
  env: Environment,
): string | undefined {
  const allowed = env['NXF_PLUGINS_ALLOWED'];
  if (env['NXF_ENABLE_SECRETS'] !== undefined && env['NXF_ENABLE_SECRETS'] !== 'true')
    return `NXF_ENABLE_SECRETS is ${env['NXF_ENABLE_SECRETS']}, which disables secrets`;
  if (env['NXF_PLUGINS_DEFAULT'] === 'false') return 'NXF_PLUGINS_DEFAULT is false';
  if (env['NXF_PLUGINS_MODE'] && env['NXF_PLUGINS_MODE'] !== 'prod')
    return `NXF_PLUGINS_MODE is ${env['NXF_PLUGINS_MODE']}`;
  if (
    allowed !== undefined &&
    !allowed.split(',').some((entry) => entry.trim().split('@')[0] === 'nf-escrow')
  )
    return 'NXF_PLUGINS_ALLOWED does not name nf-escrow';
  if (selfContained) return 'a self-contained nextflow ignores plugins';
  if (version !== undefined && isAtLeast(version, [24, 10]) !== true)
    return `Nextflow ${version} is older than 24.10, which the plugin requires`;
  if (shippedPlugin() === undefined)
    return 'this nf-escrow was built without the plugin (npm run build:plugin)';
  return undefined;
}

/** A Nextflow that is too old for the plugin would end the run. Only a launcher that was asked and did not answer is refused. */
function whyUnknown({ launcher, nextflow }: Launch): string | undefined {
  if (launcher === undefined || launcher.version !== undefined) return undefined;
  return `\`${nextflow} -v\` prints no version`;
}

/** Returns the plugins that the user has set in NXF_PLUGINS_DEFAULT. */
function asked(env: Environment): string[] {
  const list = env['NXF_PLUGINS_DEFAULT'] ?? '';
  if (list === 'true') return [];
  return list
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '' && entry.split('@')[0] !== 'nf-escrow');
}

/**
 * Returns the plugins that Nextflow would load by default if NXF_PLUGINS_DEFAULT were unset, and that it does not load later
 * (PluginsFacade and ExecutorFactory of 24.10 to 26.08): nf-amazon to send mail, nf-weblog to observe the start of a run.
 */
function guessed(launch: Launch, plugins: string): string[] {
  if (asked(launch.env).length > 0) return [];
  return [
    ...(launch.env['NXF_ENABLE_AWS_SES'] === undefined ? [] : ['nf-amazon']),
    ...(wantsWeblog(launch, plugins) ? ['nf-weblog'] : []),
  ];
}
