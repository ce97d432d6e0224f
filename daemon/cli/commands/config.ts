import type { Command } from 'commander';
import { SITE_FILE } from '../../config/config-file.ts';
import { settingKeys, settingVariable, type SettingKey } from '../../config/setting-keys.ts';
import { SettingSources, type SettingValue } from '../../config/setting-sources.ts';
import { loadSettings } from '../../config/settings.ts';
import type { Workspace } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import type { Context } from '../context.ts';
import { print, printJson } from '../io/output.ts';
import { printTable } from '../io/table.ts';
import { workspacePath } from './secrets/scope.ts';

/** Keys that the daemon reads when it starts. Commands read the others. */
const OF_DAEMON: readonly SettingKey[] = [
  'runsDir',
  'idleSeconds',
  'keepRunsDays',
  'onLost',
  'hostLeaseSeconds',
  'vaultKeyCommand',
];

export function addConfig(program: Command, context: Context): void {
  const config = program.command('config').description('Manage settings in config.yaml');
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
      const { value } = lookUp(context, await sourcesOf(context), known(key));
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
  const daemon = await context.daemon();
  const { visibility } = await daemon.call<Workspace>('GET', workspacePath(title));
  await set(context, 'workspace', title);
  if (visibility === 'personal') print('This workspace is personal: its runs get no secrets.');
}

async function set(context: Context, key: SettingKey, value: string): Promise<void> {
  const { configFile } = context.settings.paths;
  if ((await sourcesOf(context)).lookUp(key).isLocked)
    throw new EscrowError('config-invalid', `Cannot set ${key}: it is locked in "${SITE_FILE}".`, {
      hint: 'Ask the administrator of this machine.',
    });
  // Validated as a variable first: an invalid value in the file would make every command fail.
  await loadSettings({ ...process.env, [settingVariable(key)]: value });
  const { writeSetting } = await import('../io/settings-file.ts');
  writeSetting(context.settings.paths.configFile, key, value === '' ? undefined : value);
  print(value === '' ? `Removed ${key} from ${configFile}.` : `Set ${key} to ${value} in ${configFile}.`);
  const variable = process.env[settingVariable(key)];
  if (variable) print(`The environment variable ${settingVariable(key)} is set and overrides the file.`);
  if (OF_DAEMON.includes(key) && (await context.daemonIfRunning()) !== undefined)
    print('The running daemon keeps the old value until it restarts: nf-escrow daemon stop');
}

async function listSettings(context: Context, options: { json?: boolean }): Promise<void> {
  const sources = await sourcesOf(context);
  const all = settingKeys.map((key) => ({ key, ...lookUp(context, sources, key) }));
  if (options.json === true)
    printJson({
      settings: all.map(({ key, value, from, isLocked }) => ({ key, value, from, locked: isLocked })),
    });
  else
    await printTable(
      ['KEY', 'VALUE', 'FROM'],
      all.map(({ key, value, from, isLocked }) => [key, value ?? '-', isLocked ? `${from} (locked)` : from]),
    );
}

async function sourcesOf(context: Context): Promise<SettingSources> {
  return SettingSources.read(process.env, context.settings.paths.configFile);
}

/** Looks a setting up. The default of `runsDir` depends on the state directory. */
function lookUp(context: Context, sources: SettingSources, key: SettingKey): SettingValue {
  const found = sources.lookUp(key);
  return key === 'runsDir' ? { ...found, value: found.value ?? context.settings.paths.runs } : found;
}

function known(key: string): SettingKey {
  const found = settingKeys.find((one) => one === key);
  if (found !== undefined) return found;
  throw new EscrowError('usage', `Unknown setting "${key}".`, {
    hint: `Use one of: ${settingKeys.join(', ')}.`,
  });
}
