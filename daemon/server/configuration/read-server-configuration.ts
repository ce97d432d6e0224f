import { readConfigText } from '../../config/config-file.ts';
import { readYamlEntries } from '../../config/yaml-entries.ts';
import { validate } from '../../contract/validate.ts';
import type { ServerConfiguration } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import type { Purpose } from '../../system/files/trust/trust-error.ts';
import { serverKeys, type ServerKey } from './server-keys.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Used if no other file is named, and it exists. */
const SITE_FILE = '/etc/nf-escrow/server.yaml';
const FILE: Purpose = { what: 'configuration file', variable: '--config', example: 'server.yaml' };

/** The configuration and where each of its top-level keys is set, for messages. */
export interface ConfigurationSource {
  readonly configuration: ServerConfiguration;
  readonly placeOf: (key: string) => string;
}

/**
 * Reads the configuration of the server. Environment variables override the file, and `listen`, from the command line, overrides
 * both. Throws `config-invalid`, `permissions-too-open`. Messages never quote a value.
 */
export async function readServerConfiguration(
  { file, listen }: { readonly file?: string | undefined; readonly listen?: string | undefined },
  env: Environment,
): Promise<ConfigurationSource> {
  const places = new Map<string, string>();
  const merged = await readFile(file, places);
  for (const key of serverKeys()) setFromVariable(merged, key, env, places);
  if (listen !== undefined) {
    merged['listen'] = listen;
    places.set('listen', '--listen');
  }
  const placeOf = (key: string): string =>
    places.get(key) ?? places.get(key.split('.')[0] ?? '') ?? `the configuration of the server`;
  return { configuration: check(merged, placeOf), placeOf };
}

async function readFile(named: string | undefined, places: Map<string, string>): Promise<Tree> {
  const path = named ?? SITE_FILE;
  const text = readConfigText(path, FILE);
  if (text === undefined) {
    if (named === undefined) return {};
    throw new EscrowError(
      'config-invalid',
      `Cannot read the configuration file "${path}": it does not exist.`,
      {
        hint: 'Create it, or name another file with --config. docs/team-server/install.md has an example.',
      },
    );
  }
  const entries = await readYamlEntries(path, text);
  for (const { key, place } of entries) places.set(key, place);
  return Object.fromEntries(entries.map(({ key, value }) => [key, value]));
}

type Tree = Record<string, unknown>;

/** An empty variable counts as unset. */
function setFromVariable(
  tree: Tree,
  { path, variable, type }: ServerKey,
  env: Environment,
  places: Map<string, string>,
): void {
  const text = env[variable] || undefined;
  if (text === undefined) return;
  const [first, second] = path;
  places.set(path.join('.'), variable);
  if (second === undefined) tree[first] = convert(text, type);
  else {
    const inner = tree[first];
    tree[first] = { ...(isTree(inner) ? inner : {}), [second]: convert(text, type) };
  }
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A text that is not a number stays a text, which the schema rejects. */
function convert(text: string, type: ServerKey['type']): unknown {
  if (type === 'integer') return /^[0-9]{1,9}$/.test(text) ? Number(text) : text;
  if (type === 'array') return text.split(',').map((item) => item.trim());
  return text;
}

function check(merged: Tree, placeOf: (key: string) => string): ServerConfiguration {
  try {
    return validate<'ServerConfiguration'>('server-configuration.json', merged);
  } catch (error) {
    if (!(error instanceof EscrowError)) throw error;
    const { field = '', message, hint } = error;
    if (field === 'publicUrl' && !('publicUrl' in merged))
      throw new EscrowError('config-invalid', 'The configuration of the server has no publicUrl.', {
        hint: 'Set publicUrl to the address of the server as clients know it, such as https://escrow.example.org.',
      });
    const isOwnHint = !hint.startsWith('Correct the request.');
    throw new EscrowError('config-invalid', `Invalid configuration in ${placeOf(field)}: ${message}`, {
      hint: isOwnHint ? hint : 'Correct the setting. docs/team-server/settings.md describes all settings.',
    });
  }
}
