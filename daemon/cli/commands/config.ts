import type { Command } from 'commander';
import { SITE_FILE } from '../../config/config-file.ts';
import { settingKeys, settingVariable, type SettingKey } from '../../config/setting-keys.ts';
import { SettingSources, type SettingValue } from '../../config/setting-sources.ts';
import { loadSettings } from '../../config/settings.ts';
import type { Workspace } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import type { Context } from '../context.ts';
import { print, printJson, printTable } from '../io/output.ts';
import { workspacePath } from './secrets/scope.ts';

/** Keys that the daemon reads when it starts; the others are the commands' own. */
const OF_DAEMON: readonly SettingKey[] = [
  'runsDir',
  'idleSeconds',
  'keepRunsDays',
  'onLost',
  'hostLeaseSeconds',
  'vaultKeyCommand',
];

export function addConfig(program: Command, context: Context): void {
  const config = program.command('config').description('settings, of config.yaml or the environment');
  config
    .command('list')
    .alias('ls')
    .description('each setting, its value, and where that is from')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample: nf-escrow config list')
    .action((options: { json?: boolean }) => listSettings(context, options));
  config
    .command('get')
    .argument('<KEY>')
    .description('one value')
    .addHelpText('after', '\nExample: nf-escrow config get workspace')
    .action(async (key: string) => {
      const { value } = lookUp(context, await sourcesOf(context), known(key));
      if (value !== undefined) print(value);
      else process.exitCode = 1;
    });
  config
    .command('set')
    .argument('<KEY>')
    .argument('<VALUE>', 'an empty one takes the setting away')
    .description('write one into config.yaml')
    .addHelpText('after', '\nExample: nf-escrow config set keepRunsDays 30')
    .action((key: string, value: string) => set(context, known(key), value));
  program
    .command('use')
    .argument('<ORG/NAME>')
    .description('make a workspace the default one')
    .addHelpText('after', '\nExample: nf-escrow use lab/rna')
    .action((title: string) => use(context, title));
}

async function use(context: Context, title: string): Promise<void> {
  const daemon = await context.daemon();
  const { visibility } = await daemon.call<Workspace>('GET', workspacePath(title));
  await set(context, 'workspace', title);
  if (visibility === 'personal') print('It is personal: its runs are given no secrets.');
}

async function set(context: Context, key: SettingKey, value: string): Promise<void> {
  const { configFile } = context.settings.paths;
  if ((await sourcesOf(context)).lookUp(key).isLocked)
    throw new EscrowError('config-invalid', `${key} is locked in "${SITE_FILE}".`, {
      hint: 'Ask the administrator of this machine.',
    });
  // Tried first, as a variable would be: a file with a value that is refused would stop every command.
  await loadSettings({ ...process.env, [settingVariable(key)]: value });
  const { writeSetting } = await import('../io/settings-file.ts');
  writeSetting(context.settings.paths.configFile, key, value === '' ? undefined : value);
  print(value === '' ? `${key} is taken out of ${configFile}.` : `${key} is ${value} in ${configFile}.`);
  const variable = process.env[settingVariable(key)];
  if (variable) print(`${settingVariable(key)} is set here, and wins over the file.`);
  if (OF_DAEMON.includes(key) && (await context.daemonIfRunning()) !== undefined)
    print('The daemon that runs keeps the old value until it starts anew: nf-escrow daemon stop');
}

async function listSettings(context: Context, options: { json?: boolean }): Promise<void> {
  const sources = await sourcesOf(context);
  const all = settingKeys.map((key) => ({ key, ...lookUp(context, sources, key) }));
  if (options.json === true)
    printJson({
      settings: all.map(({ key, value, from, isLocked }) => ({ key, value, from, locked: isLocked })),
    });
  else
    printTable(
      ['KEY', 'VALUE', 'FROM'],
      all.map(({ key, value, from, isLocked }) => [key, value ?? '-', isLocked ? `${from} (locked)` : from]),
    );
}

async function sourcesOf(context: Context): Promise<SettingSources> {
  return SettingSources.read(process.env, context.settings.paths.configFile);
}

/** The runs directory's default follows from the state directory. */
function lookUp(context: Context, sources: SettingSources, key: SettingKey): SettingValue {
  const found = sources.lookUp(key);
  return key === 'runsDir' ? { ...found, value: found.value ?? context.settings.paths.runs } : found;
}

function known(key: string): SettingKey {
  const found = settingKeys.find((one) => one === key);
  if (found !== undefined) return found;
  throw new EscrowError('usage', `There is no setting "${key}".`, {
    hint: `Known are ${settingKeys.join(', ')}.`,
  });
}
