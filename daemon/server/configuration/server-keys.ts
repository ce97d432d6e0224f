import { schemaOf } from '../../contract/validate.ts';

/** A setting of the server: a path in its configuration, such as `tls.keyFile`. */
export interface ServerKey {
  readonly path: readonly [string] | readonly [string, string];
  /** The environment variable, such as `NF_ESCROW_SERVER_TLS_KEY_FILE`. */
  readonly variable: string;
  readonly type: 'string' | 'integer' | 'array';
}

interface Property {
  readonly type: ServerKey['type'] | 'object';
  readonly properties?: Readonly<Record<string, Property>>;
  /** Of a list. */
  readonly items?: Property;
}

const PREFIX = 'NF_ESCROW_SERVER_';

/** Returns all settings of the server, from `schemas/server-configuration.json`. */
export function serverKeys(): ServerKey[] {
  const { properties = {} } = schemaOf('server-configuration.json') as Partial<Property>;
  return Object.entries(properties)
    .filter(([, { items }]) => items?.type !== 'object') // a variable cannot contain a list of objects
    .flatMap(([name, { type, properties: inner = {} }]) =>
      type === 'object'
        ? Object.entries(inner).map(([key, one]) => keyOf([name, key], one.type as ServerKey['type']))
        : [keyOf([name], type)],
    );
}

function keyOf(path: ServerKey['path'], type: ServerKey['type']): ServerKey {
  const words = path.map((word) => word.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase());
  return { path, variable: `${PREFIX}${words.join('_')}`, type };
}
