import { join } from 'node:path';
import type { TrustedOwnerList, WritablePolicy } from '../contract/types.ts';
import { shownValue } from '../contract/shown-value.ts';
import { EscrowError } from '../errors.ts';
import { readListenSetting, type ListenSetting } from './listen-address.ts';
import { readOnLost, type OnLost } from './on-lost.ts';
import { findPaths, type Environment, type Paths } from './paths.ts';
import { readRunsDirectory } from './runs-directory.ts';
import { settingDefaults, settingKeys, type SettingKey } from './setting-keys.ts';
import { splitOwners, violatedRule } from './setting-rules.ts';
import { SettingSources, type SettingValue } from './setting-sources.ts';

/** The settings of a user and the site. */
export interface Settings {
  readonly paths: Paths;
  /** The default workspace, ORGANIZATION/NAME. */
  readonly workspace: string;
  /** Path of `nextflow`; undefined: the first one on PATH. */
  readonly nextflow: string | undefined;
  /** Seconds after which an idle daemon exits. */
  readonly idleSeconds: number;
  /** Days after which purged runs are pruned from the ledger; 0: never. */
  readonly keepRunsDays: number;
  /** How to handle a run whose head has ended while its jobs may still run. */
  readonly onLost: OnLost;
  /** Seconds without renewal after which a daemon on another host may take the host lease over. */
  readonly hostLeaseSeconds: number;
  /** The compute environment for runs that name none; undefined: the one marked as default. */
  readonly computeEnvironment: string | undefined;
  /** The shell command that prints the vault's key, for a vault whose key comes from a command. */
  readonly vaultKeyCommand: string | undefined;
  /** Whether a run with secrets is refused if others can change what it executes. */
  readonly writableByOthers: WritablePolicy;
  /** User names and numeric ids of accounts that may own and write to what a run executes. */
  readonly trustedOwners: TrustedOwnerList;
  /** Absolute path of a directory with plugins for the runs of all users. */
  readonly pluginsDirectory: string | undefined;
  /** Absolute path of the file with the token for scrapes of the metrics. */
  readonly metricsTokenFile: string | undefined;
  /** Receivers of webhooks, for `readWebhooks`. */
  readonly webhooks: Pick<SettingValue, 'value' | 'place'>;
  /** The TCP listener of the daemon. */
  readonly listen: ListenSetting;
}

/** Reads the settings from their sources. Throws `config-invalid`, `permissions-too-open`. */
export async function loadSettings(
  env: Environment,
  locate: (env: Environment) => Paths = findPaths,
): Promise<Settings> {
  const located = locate(env);
  const sources = await SettingSources.read(env, located.configFile);
  for (const key of settingKeys) await assertValid(key, sources.lookUp(key));
  const value = (key: SettingKey): string | undefined => sources.lookUp(key).value;
  const runsDirectory = value('runsDir');
  const runs = runsDirectory ? readRunsDirectory(runsDirectory) : join(located.state, 'runs');
  return Object.freeze({
    paths: Object.freeze({ ...located, runs }),
    workspace: value('workspace') ?? settingDefaults.workspace,
    nextflow: value('nextflow'),
    idleSeconds: Number(value('idleSeconds') ?? settingDefaults.idleSeconds),
    keepRunsDays: Number(value('keepRunsDays') ?? settingDefaults.keepRunsDays),
    onLost: readOnLost(value('onLost') ?? '') ?? 'purge-now',
    hostLeaseSeconds: Math.max(1, Number(value('hostLeaseSeconds') ?? settingDefaults.hostLeaseSeconds)),
    computeEnvironment: value('computeEnv'),
    vaultKeyCommand: value('vaultKeyCommand'),
    writableByOthers: value('writableByOthers') === 'refuse' ? 'refuse' : 'warn',
    trustedOwners: splitOwners(value('trustedOwners') ?? ''),
    pluginsDirectory: value('pluginsDir'),
    metricsTokenFile: value('metricsTokenFile'),
    webhooks: sources.lookUp('webhooks'),
    listen: {
      address: readListenSetting(value('listen') ?? settingDefaults.listen),
      isLocked: sources.lookUp('listen').isLocked,
    },
  });
}

/** Throws `config-invalid` with the place of an invalid value. Never shows a command, which may contain a password. */
async function assertValid(key: SettingKey, { value = '', place }: SettingValue): Promise<void> {
  const rule = await violatedRule(key, value);
  if (rule === undefined) return;
  throw new EscrowError(
    'config-invalid',
    `Invalid value of ${key} in ${place}: it must be ${rule}, not ${shownValue(value)}.`,
    { hint: `Correct it there, or run: nf-escrow config set ${key} VALUE` },
  );
}
