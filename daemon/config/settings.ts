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

/** What a user can set, from the environment (first) and config.yaml. */
export interface Settings {
  readonly paths: Paths;
  /** ORGANIZATION/NAME of the workspace that is meant when none is named. */
  readonly workspace: string;
  /** The nextflow to start; undefined: the one on PATH. */
  readonly nextflow: string | undefined;
  /** Seconds after which a daemon that nobody needs ends. */
  readonly idleSeconds: number;
  /** How long runs that left nothing are remembered, in days; 0: for ever. */
  readonly keepRunsDays: number;
  /** What becomes of a run whose head is gone while jobs of it may live on. */
  readonly onLost: OnLost;
  /** How long a daemon may show no sign of life until another host may take its place, in seconds. */
  readonly hostLeaseSeconds: number;
  /** The compute environment that is meant when none is named; undefined: the default one. */
  readonly computeEnvironment: string | undefined;
  /** A shell command that prints the vault's key, where the vault takes it from one. */
  readonly vaultKeyCommand: string | undefined;
}

/** Reads the settings: a variable wins over the file, and the file over what is built in. */
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

/** The parser takes seconds for what is longer, and every command reads it. */
const LENGTH_MAX = 64 * 1024;

/** What the file says, as texts; empty where there is none. Throws `config-invalid`, `permissions-too-open`. */
export async function readConfigFile(path: string): Promise<Map<SettingKey, string>> {
  const text = readText(path);
  if (text === undefined) return new Map();
  // Loaded only where there is a file: most commands should not pay for the parser.
  const { parse } = await import('yaml');
  let parsed: unknown;
  try {
    parsed = parse(text);
  } catch (error) {
    throw new EscrowError('config-invalid', `"${path}" is not YAML.`, { cause: error });
  }
  if (parsed === null || parsed === undefined) return new Map();
  if (typeof parsed !== 'object' || Array.isArray(parsed)) {
    throw new EscrowError('config-invalid', `"${path}" is not a list of "key: value" lines.`);
  }
  return new Map(
    Object.entries(parsed).map(([key, value]) => [knownKey(path, key), scalar(path, key, value)]),
  );
}

const FILE = { what: 'configuration file', variable: 'NF_ESCROW_HOME', example: '.nf-escrow' };

/** Whoever can change the file has a command run as the user, vaultKeyCommand. */
function readText(path: string): string | undefined {
  let bytes: Buffer | undefined;
  try {
    bytes = readTrustedFile(path, FILE, LENGTH_MAX + 1);
  } catch (error) {
    if (!(error instanceof EscrowError) || error.code === 'permissions-too-open') throw error;
    const code = systemCode(error.cause);
    if (code === undefined) throw notPlain(path);
    if (code === 'ENOTDIR') return undefined; // something else stands for its directory, and who needs that says so
    throw new EscrowError('config-invalid', `"${path}" cannot be read: ${code}.`, { cause: error.cause });
  }
  if ((bytes?.length ?? 0) > LENGTH_MAX) throw tooLong(path);
  return bytes?.toString('utf8');
}

function tooLong(path: string): EscrowError {
  return new EscrowError('config-invalid', `"${path}" has more than ${String(LENGTH_MAX)} bytes.`);
}

function notPlain(path: string): EscrowError {
  return new EscrowError('config-invalid', `"${path}" is not a plain file.`);
}

function knownKey(path: string, key: string): SettingKey {
  if (isSettingKey(key)) return key;
  throw new EscrowError(
    'config-invalid',
    `"${path}" has the key "${key}"; known are ${settingKeys.join(', ')}.`,
  );
}

function scalar(path: string, key: string, value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new EscrowError('config-invalid', `"${key}" in "${path}" must be a text or a number.`);
}

function onLostOf(text: string): OnLost {
  const known = readOnLost(text);
  if (known !== undefined) return known;
  throw new EscrowError('config-invalid', `onLost is "${text}".`, {
    hint: 'It can be purge-now, cancel-jobs, wait or wait:SECONDS.',
  });
}

/** Larger numbers would leave what dates and timers can hold. */
const MOST: Partial<Record<SettingKey, number>> = { keepRunsDays: 36_500, hostLeaseSeconds: 7 * 24 * 3600 };

function count(key: SettingKey, text: string): number {
  const most = MOST[key] ?? 999_999_999;
  if (/^[0-9]{1,9}$/.test(text) && Number(text) <= most) return Number(text);
  if (/^[0-9]+$/.test(text))
    throw new EscrowError('config-invalid', `${key} is ${text.slice(0, 20)}; ${String(most)} is the most.`);
  throw new EscrowError('config-invalid', `${key} is "${text}", which is not a whole number.`);
}
