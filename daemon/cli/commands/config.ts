import type { Command } from 'commander';
import { SITE_FILE } from '../../config/config-file.ts';
import { settingKeys, settingVariable, type SettingKey } from '../../config/setting-keys.ts';
import { SettingSources, type SettingValue } from '../../config/setting-sources.ts';
import { locatePaths, type Paths } from '../../config/paths.ts';
import { violatedRule } from '../../config/setting-rules.ts';
import { shownValue } from '../../contract/shown-value.ts';
import type { Workspace } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import type { Context } from '../context.ts';
import { print, printJson } from '../io/output.ts';
import { unknownChoice } from '../io/unknown-choice.ts';
import { printTable } from '../io/table.ts';
import { findWorkspacePlace } from '../places.ts';

/** Keys that the daemon reads when it starts. Commands read the others. */
const OF_DAEMON: readonly SettingKey[] = [
  'runsDir',
  'idleSeconds',
  'keepRunsDays',
  'onLost',
  'hostLeaseSeconds',
  'vaultKeyCommand',
  'listen',
  'metricsTokenFile',
  'webhooks',
];

export function addConfig(program: Command, context: Context): void {
  const config = program
    .command('config')
    .description('Manage settings in config.yaml')
    .addHelpText('after', '\nExample: nf-escrow config set keepRunsDays 30');
  config
    .command('list')
    .alias('ls')
    .description('List settings, their values and where each value is set')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow config list')
    .action((options: { json?: boolean }) => listSettings(context, options));
  config
    .command('get')
    .argument('<KEY>', 'setting, as listed by nf-escrow config list')
    .description('Print the value of a setting')
    .addHelpText('after', '\nExample: nf-escrow config get workspace')
    .action(async (key: string) => {
      const { value } = lookUp(context, await readSources(context), known(key));
      if (value !== undefined) print(value);
      else process.exitCode = 1;
    });
  config
    .command('set')
    .argument('<KEY>', 'setting, as listed by nf-escrow config list')
    .argument('<VALUE>', 'new value; an empty value removes the setting')
    .description('Write a setting to config.yaml')
    .addHelpText('after', '\nExample: nf-escrow config set keepRunsDays 30')
    .action((key: string, value: string) => set(context, known(key), value));
  program
    .command('use')
    .argument('<ORG/NAME>')
    .description('Set the default workspace')
    .addHelpText('after', '\nExample: nf-escrow use lab/rna')
    .action((title: string) => use(context, title));
}

async function use(context: Context, title: string): Promise<void> {
  const { client, path, title: found } = await findWorkspacePlace(context, title);
  const { visibility } = await client.call<Workspace>('GET', path);
  // With the name of the server: another server could have a workspace of this name later, and would get the values.
  await set(context, 'workspace', found.includes(':') ? found : title);
  if (visibility === 'personal') print('This workspace is personal: its runs get no secrets.');
}

/** Does not need valid settings, so that it can correct them. */
async function set(context: Context, key: SettingKey, value: string): Promise<void> {
  const { configFile } = pathsOf(context);
  if ((await readSources(context)).lookUp(key).isLocked)
    throw new EscrowError('config-invalid', `Cannot set ${key}: it is locked in "${SITE_FILE}".`, {
      hint: 'Ask the administrator of this machine.',
    });
  if (key === 'webhooks') {
    const { readWebhooks } = await import('../../config/webhook-setting.ts');
    await readWebhooks({ value: value || undefined, place: 'the command line' });
  }
  const rule = await violatedRule(key, value);
  if (rule !== undefined) throw new EscrowError('usage', `${key} must be ${rule}, not ${shownValue(value)}.`);
  const { writeSetting } = await import('../io/settings-file.ts');
  writeSetting(configFile, key, value === '' ? undefined : value);
  print(value === '' ? `Removed ${key} from ${configFile}.` : `Set ${key} to ${value} in ${configFile}.`);
  const variable = process.env[settingVariable(key)];
  if (variable) print(`The environment variable ${settingVariable(key)} is set and overrides the file.`);
  if (OF_DAEMON.includes(key) && (await context.daemonIfRunning()) !== undefined)
    print('The running daemon keeps the old value until it restarts: nf-escrow daemon stop');
}

async function listSettings(context: Context, options: { json?: boolean }): Promise<void> {
  const sources = await readSources(context);
  const all = settingKeys.map((key) => ({ key, ...lookUp(context, sources, key) }));
  if (options.json === true)
    printJson({
      settings: all.map(({ key, value, from, isLocked }) => ({ key, value, from, locked: isLocked })),
    });
  else
    await printTable(
      ['KEY', { title: 'VALUE', is: 'long' }, { title: 'FROM', is: 'path' }],
      all.map(({ key, value, from, isLocked }) => [key, value ?? '-', isLocked ? `${from} (locked)` : from]),
    );
}

async function readSources(context: Context): Promise<SettingSources> {
  return SettingSources.read(process.env, pathsOf(context).configFile);
}

/** The paths do not depend on settings that can be invalid, except runsDir, which is checked where it is used. */
function pathsOf(context: Context): Paths {
  try {
    return context.settings.paths;
  } catch {
    return locatePaths(process.env);
  }
}

/** Looks a setting up. The default of `runsDir` depends on the state directory. */
function lookUp(context: Context, sources: SettingSources, key: SettingKey): SettingValue {
  const found = sources.lookUp(key);
  return key === 'runsDir' ? { ...found, value: found.value ?? pathsOf(context).runs } : found;
}

function known(key: string): SettingKey {
  const found = settingKeys.find((one) => one === key);
  if (found !== undefined) return found;
  throw unknownChoice(`Unknown setting "${key}".`, key, settingKeys);
}
