import type { TrustedOwnerList, WritablePolicy } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import { readOnLost, type OnLost } from './on-lost.ts';
import { findPaths, type Environment, type Paths } from './paths.ts';
import { settingDefaults, settingVariable, type SettingKey } from './setting-keys.ts';
import { SettingSources } from './setting-sources.ts';

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
}

/** Reads the settings from their sources. Throws `config-invalid`, `permissions-too-open`. */
export async function loadSettings(
  env: Environment,
  locate: (env: Environment) => Paths = findPaths,
): Promise<Settings> {
  const sources = await SettingSources.read(env, locate(env).configFile);
  const value = (key: SettingKey): string | undefined => sources.lookUp(key).value;
  return Object.freeze({
    paths: locate({ ...env, [settingVariable('runsDir')]: value('runsDir') }),
    workspace: value('workspace') ?? settingDefaults.workspace,
    nextflow: value('nextflow'),
    idleSeconds: count('idleSeconds', value('idleSeconds') ?? settingDefaults.idleSeconds),
    keepRunsDays: count('keepRunsDays', value('keepRunsDays') ?? settingDefaults.keepRunsDays),
    onLost: onLostOf(value('onLost') ?? settingDefaults.onLost),
    hostLeaseSeconds: Math.max(
      1,
      count('hostLeaseSeconds', value('hostLeaseSeconds') ?? settingDefaults.hostLeaseSeconds),
    ),
    computeEnvironment: value('computeEnv'),
    vaultKeyCommand: value('vaultKeyCommand'),
    writableByOthers: policyOf(value('writableByOthers') ?? settingDefaults.writableByOthers),
    trustedOwners: await ownersOf(value('trustedOwners') ?? ''),
  });
}

function policyOf(text: string): WritablePolicy {
  if (text === 'warn' || text === 'refuse') return text;
  throw new EscrowError('config-invalid', `Invalid value of writableByOthers: "${text}".`, {
    hint: 'Use warn or refuse.',
  });
}

async function ownersOf(text: string): Promise<TrustedOwnerList> {
  const owners = text
    .split(',')
    .map((owner) => owner.trim())
    .filter((owner) => owner !== '');
  if (owners.length === 0) return [];
  // Loaded only if it is set, because loading the validator slows down every command.
  const { validate } = await import('../contract/validate.ts');
  try {
    return validate<'TrustedOwnerList'>('trusted-owner-list.json', owners);
  } catch (error) {
    throw new EscrowError('config-invalid', `Invalid value of trustedOwners: "${text.slice(0, 200)}".`, {
      hint: 'Use names or numeric ids of users, separated by commas.',
      cause: error,
    });
  }
}

function onLostOf(text: string): OnLost {
  const known = readOnLost(text);
  if (known !== undefined) return known;
  throw new EscrowError('config-invalid', `Invalid value of onLost: "${text}".`, {
    hint: 'Use purge-now, cancel-jobs, wait or wait:SECONDS.',
  });
}

/** Maximum values, within the range of dates and timers. */
const MAXIMUM: Partial<Record<SettingKey, number>> = {
  keepRunsDays: 36_500,
  hostLeaseSeconds: 7 * 24 * 3600,
};

function count(key: SettingKey, text: string): number {
  const maximum = MAXIMUM[key] ?? 999_999_999;
  if (/^[0-9]{1,9}$/.test(text) && Number(text) <= maximum) return Number(text);
  if (/^[0-9]+$/.test(text))
    throw new EscrowError(
      'config-invalid',
      `Invalid value of ${key}: ${text.slice(0, 20)} is greater than the maximum, ${String(maximum)}.`,
    );
  throw new EscrowError('config-invalid', `Invalid value of ${key}: "${text}" is not a whole number.`);
}
