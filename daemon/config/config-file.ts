import { didYouMean } from '../contract/nearest-name.ts';
import { EscrowError, systemCode } from '../errors.ts';
import { describeSystemError } from '../system/files/path-error.ts';
import type { Purpose } from '../system/files/trust/trust-error.ts';
import { readTrustedFile } from '../system/files/trust/trusted-file.ts';
import {
  isSettingKey,
  listSettings,
  settingKeys,
  structuredSettings,
  type SettingKey,
} from './setting-keys.ts';
import { readYamlEntries, type YamlEntry } from './yaml-entries.ts';

/** The site's file: defaults for all users of this host, and the settings that users cannot change. */
export const SITE_FILE = '/etc/nf-escrow/config.yaml';

/** The settings of a file. */
export type FileSettings = ReadonlyMap<SettingKey, FileSetting>;

interface FileSetting {
  readonly text: string;
  /** File, line and column, for messages. */
  readonly place: string;
}

/** The settings of the site's file. */
export interface SiteSettings {
  readonly values: FileSettings;
  /** Settings that users cannot change: the site's value is used, else the default. */
  readonly locked: ReadonlySet<SettingKey>;
}

/** Maximum size of the file. The YAML parser needs seconds for larger files, and every command reads the file. */
const LENGTH_MAX = 64 * 1024;
const FILE: Purpose = { what: 'configuration file', variable: 'NF_ESCROW_HOME', example: '.nf-escrow' };
const LOCKED = 'locked';

/** Reads the user's config.yaml; an absent file has no entries. Throws `config-invalid`, `permissions-too-open`. */
export async function readConfigFile(path: string): Promise<FileSettings> {
  return valuesOf(await readEntries(path));
}

/** Reads the site's file like `readConfigFile`. */
export async function readSiteFile(path = SITE_FILE): Promise<SiteSettings> {
  const entries = await readEntries(path);
  const entry = entries.find(({ key }) => key === LOCKED);
  const locked = entry?.value ?? [];
  if (!Array.isArray(locked))
    throw new EscrowError(
      'config-invalid',
      `Invalid value of ${LOCKED} in ${entry?.place ?? path}: it must be a list of keys.`,
    );
  return {
    values: valuesOf(entries.filter((each) => each !== entry)),
    locked: new Set(locked.map((key) => knownKey(String(key), entry?.place ?? path))),
  };
}

async function readEntries(path: string): Promise<YamlEntry[]> {
  const text = readConfigText(path);
  return text === undefined ? [] : readYamlEntries(path, text);
}

/**
 * Reads only a trusted file, because its vaultKeyCommand is run as the user. Returns undefined if it does not exist. Throws
 * `config-invalid`, `permissions-too-open`.
 */
export function readConfigText(path: string, purpose: Purpose = FILE): string | undefined {
  let bytes: Buffer | undefined;
  try {
    bytes = readTrustedFile(path, purpose, LENGTH_MAX + 1);
  } catch (error) {
    if (!(error instanceof EscrowError) || error.code === 'permissions-too-open') throw error;
    const code = systemCode(error.cause);
    if (code === undefined) throw notPlain(path);
    if (code === 'ENOTDIR') return undefined; // code that writes to the directory reports the file in its place
    throw new EscrowError('config-invalid', `Cannot read "${path}": ${describeSystemError(error.cause)}.`, {
      cause: error.cause,
    });
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

function valuesOf(entries: readonly YamlEntry[]): FileSettings {
  return new Map(
    entries.map((entry) => [knownKey(entry.key, entry.place), { text: valueOf(entry), place: entry.place }]),
  );
}

function knownKey(key: string, place: string): SettingKey {
  if (isSettingKey(key)) return key;
  const hint = didYouMean(key, settingKeys) ?? `Use one of: ${settingKeys.join(', ')}.`;
  throw new EscrowError('config-invalid', `Unknown key "${key.slice(0, 80)}" in ${place}.`, { hint });
}

function valueOf(entry: YamlEntry): string {
  const { key, value } = entry;
  if (Array.isArray(value) && structuredSettings.includes(key)) return JSON.stringify(value);
  if (!Array.isArray(value) || !listSettings.includes(key)) return scalar(entry, value);
  const items = value.map((item: unknown) => scalar(entry, item));
  if (!items.some((item) => item.includes(','))) return items.join(',');
  throw invalid(entry, 'an item contains a comma');
}

function scalar(entry: YamlEntry, value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw invalid(entry, 'it must be a string or a number');
}

function invalid({ key, place }: YamlEntry, why: string): EscrowError {
  return new EscrowError('config-invalid', `Invalid value of ${key} in ${place}: ${why}.`);
}
