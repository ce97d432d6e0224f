import { EscrowError, systemCode } from '../errors.ts';
import {
  isSettingKey,
  settingDefaults,
  settingKeys,
  settingVariable,
  type SettingKey,
} from './setting-keys.ts';
import { readOnLost, type OnLost } from './on-lost.ts';
import { readTrustedFile } from '../system/files/trust/trusted-file.ts';
import { findPaths, type Environment, type Paths } from './paths.ts';

/** A user's settings, from the environment and config.yaml. The environment has precedence. */
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
}

/** Reads the settings. Variables override the file, and the file overrides the defaults. Throws `config-invalid`. */
export async function loadSettings(
  env: Environment,
  locate: (env: Environment) => Paths = findPaths,
): Promise<Settings> {
  const file = await readConfigFile(locate(env).configFile);
  const value = (key: SettingKey): string | undefined => env[settingVariable(key)] || file.get(key);
  const runsDir = value('runsDir');
  return Object.freeze({
    paths: locate({ ...env, ...(runsDir === undefined ? {} : { NF_ESCROW_RUNS_DIR: runsDir }) }),
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
  });
}

/** Maximum size of config.yaml. The YAML parser needs seconds for larger files, and every command reads the file. */
const LENGTH_MAX = 64 * 1024;

/** Reads config.yaml; an absent file has no entries. Throws `config-invalid`, `permissions-too-open`. */
export async function readConfigFile(path: string): Promise<Map<SettingKey, string>> {
  const text = readText(path);
  if (text === undefined) return new Map();
  // Loaded only if there is a file, because loading the parser slows down every command.
  const { parse } = await import('yaml');
  let parsed: unknown;
  try {
    parsed = parse(text);
  } catch (error) {
    throw new EscrowError('config-invalid', `Cannot parse "${path}": it is not valid YAML.`, {
      cause: error,
    });
  }
  if (parsed === null || parsed === undefined) return new Map();
  if (typeof parsed !== 'object' || Array.isArray(parsed)) {
    throw new EscrowError('config-invalid', `Cannot parse "${path}": it must contain "key: value" lines.`);
  }
  return new Map(
    Object.entries(parsed).map(([key, value]) => [knownKey(path, key), scalar(path, key, value)]),
  );
}

const FILE = { what: 'configuration file', variable: 'NF_ESCROW_HOME', example: '.nf-escrow' };

/** Reads only a trusted file, because its vaultKeyCommand is run as the user. */
function readText(path: string): string | undefined {
  let bytes: Buffer | undefined;
  try {
    bytes = readTrustedFile(path, FILE, LENGTH_MAX + 1);
  } catch (error) {
    if (!(error instanceof EscrowError) || error.code === 'permissions-too-open') throw error;
    const code = systemCode(error.cause);
    if (code === undefined) throw notPlain(path);
    if (code === 'ENOTDIR') return undefined; // code that writes to the directory reports the file in its place
    throw new EscrowError('config-invalid', `Cannot read "${path}": ${code}.`, { cause: error.cause });
  }
  if ((bytes?.length ?? 0) > LENGTH_MAX) throw tooLong(path);
  return bytes?.toString('utf8');
}

function tooLong(path: string): EscrowError {
  return new EscrowError(
    'config-invalid',
    `Cannot read "${path}": it has more than ${String(LENGTH_MAX)} bytes.`,
  );
}

function notPlain(path: string): EscrowError {
  return new EscrowError('config-invalid', `Cannot read "${path}": it is not a regular file.`);
}

function knownKey(path: string, key: string): SettingKey {
  if (isSettingKey(key)) return key;
  throw new EscrowError(
    'config-invalid',
    `Unknown key "${key}" in "${path}". Valid keys: ${settingKeys.join(', ')}.`,
  );
}

function scalar(path: string, key: string, value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new EscrowError(
    'config-invalid',
    `Invalid value of "${key}" in "${path}": it must be a string or a number.`,
  );
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
