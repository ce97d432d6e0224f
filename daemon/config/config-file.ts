import { EscrowError, systemCode } from '../errors.ts';
import { readTrustedFile } from '../system/files/trust/trusted-file.ts';
import { isSettingKey, listSettings, settingKeys, type SettingKey } from './setting-keys.ts';

/** The site's file: defaults for all users of this host, and the settings that users cannot change. */
export const SITE_FILE = '/etc/nf-escrow/config.yaml';

/** The settings of the site's file. */
export interface SiteSettings {
  readonly values: ReadonlyMap<SettingKey, string>;
  /** Settings that users cannot change: the site's value is used, else the default. */
  readonly locked: ReadonlySet<SettingKey>;
}

/** Maximum size of the file. The YAML parser needs seconds for larger files, and every command reads the file. */
const LENGTH_MAX = 64 * 1024;
const FILE = { what: 'configuration file', variable: 'NF_ESCROW_HOME', example: '.nf-escrow' };
const LOCKED = 'locked';

/** Reads the user's config.yaml; an absent file has no entries. Throws `config-invalid`, `permissions-too-open`. */
export async function readConfigFile(path: string): Promise<Map<SettingKey, string>> {
  return valuesOf(path, await readEntries(path));
}

/** Reads the site's file like `readConfigFile`. */
export async function readSiteFile(path = SITE_FILE): Promise<SiteSettings> {
  const entries = await readEntries(path);
  const locked = entries.find(([key]) => key === LOCKED)?.[1] ?? [];
  if (!Array.isArray(locked))
    throw new EscrowError(
      'config-invalid',
      `Invalid value of "${LOCKED}" in "${path}": it must be a list of keys.`,
    );
  return {
    values: valuesOf(
      path,
      entries.filter(([key]) => key !== LOCKED),
    ),
    locked: new Set(locked.map((key) => knownKey(path, String(key)))),
  };
}

async function readEntries(path: string): Promise<[string, unknown][]> {
  const text = readText(path);
  if (text === undefined) return [];
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
  if (parsed === null || parsed === undefined) return [];
  if (typeof parsed !== 'object' || Array.isArray(parsed)) {
    throw new EscrowError('config-invalid', `Cannot parse "${path}": it must contain "key: value" lines.`);
  }
  return Object.entries(parsed);
}

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

function valuesOf(path: string, entries: readonly (readonly [string, unknown])[]): Map<SettingKey, string> {
  return new Map(entries.map(([key, value]) => [knownKey(path, key), valueOf(path, key, value)]));
}

function knownKey(path: string, key: string): SettingKey {
  if (isSettingKey(key)) return key;
  throw new EscrowError(
    'config-invalid',
    `Unknown key "${key}" in "${path}". Valid keys: ${settingKeys.join(', ')}.`,
  );
}

function valueOf(path: string, key: string, value: unknown): string {
  if (!Array.isArray(value) || !listSettings.includes(key)) return scalar(path, key, value);
  const items = value.map((item: unknown) => scalar(path, key, item));
  if (!items.some((item) => item.includes(','))) return items.join(',');
  throw new EscrowError(
    'config-invalid',
    `Invalid value of "${key}" in "${path}": an item contains a comma.`,
  );
}

function scalar(path: string, key: string, value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new EscrowError(
    'config-invalid',
    `Invalid value of "${key}" in "${path}": it must be a string or a number.`,
  );
}
