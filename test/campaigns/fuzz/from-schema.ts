import {
  anything,
  array,
  boolean,
  constant,
  constantFrom,
  dictionary,
  integer,
  oneof,
  option,
  record,
  string,
  stringMatching,
  type Arbitrary,
} from 'fast-check';
import { readFileSync } from 'node:fs';
import { packageFile } from '../../../daemon/package-files.ts';
import { NEEDLE } from './target.ts';

interface Schema {
  readonly $ref?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly type?: string | readonly string[];
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
}

/** Returns an arbitrary of data that follows `schemas/FILE`, in which parts occasionally violate it. */
export function fromSchema(file: string): Arbitrary<unknown> {
  return of(JSON.parse(readFileSync(packageFile(`schemas/${file}`), 'utf8')) as Schema);
}

function of(schema: Schema): Arbitrary<unknown> {
  const strange: Arbitrary<unknown> = oneof(
    anything({ maxDepth: 2, withNullPrototype: false }),
    constantFrom(null, '', '\u0000', '\ud800', 1e308, -1, [], {}, '/dev/zero', '__proto__'),
  );
  return oneof({ weight: 40, arbitrary: fitting(schema) }, { weight: 1, arbitrary: strange });
}

/** Fields that contain secret values or keys. */
const VALUES = [
  'value',
  'valueBase64',
  'passphrase',
  'identities',
  'recipients',
  'secretAccessKey',
  'sessionToken',
];

function named(name: string, schema: Schema): Arbitrary<unknown> {
  if (!VALUES.includes(name)) return of(schema);
  const needle = constantFrom(NEEDLE, [NEEDLE], Buffer.from(NEEDLE).toString('base64'));
  return oneof({ weight: 3, arbitrary: of(schema) }, { weight: 1, arbitrary: needle });
}

function fitting(schema: Schema): Arbitrary<unknown> {
  if (schema.$ref !== undefined) return fromSchema(schema.$ref);
  if (schema.const !== undefined) return constant(schema.const);
  if (schema.enum !== undefined) return constantFrom(...schema.enum);
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices !== undefined) return oneof(...choices.map(of));
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? ['object']);
  return oneof(...types.map((type) => ofType(type, schema)));
}

function ofType(type: string, schema: Schema): Arbitrary<unknown> {
  if (type === 'null') return constant(null);
  if (type === 'boolean') return boolean();
  if (type === 'integer' || type === 'number')
    return integer({ min: schema.minimum ?? -10, max: schema.maximum ?? 1_000_000 });
  if (type === 'array') return array(of(schema.items ?? {}), { maxLength: 3 });
  if (type === 'string') return text(schema.pattern);
  const required = new Set(schema.required);
  const fields = Object.entries(schema.properties ?? {}).map(
    ([name, one]) =>
      [name, required.has(name) ? named(name, one) : option(named(name, one), { nil: undefined })] as const,
  );
  if (fields.length === 0)
    return dictionary(
      string({ maxLength: 8 }),
      typeof schema.additionalProperties === 'object'
        ? of(schema.additionalProperties)
        : string({ maxLength: 8 }),
      { maxKeys: 3 },
    );
  return record(Object.fromEntries(fields));
}

/** Lookaheads, which fast-check does not support. Without them it generates some texts that validation rejects. */
const LOOK = /\(\?[=!][^)]*\)/g;

function text(pattern: string | undefined): Arbitrary<string> {
  const any = oneof(string({ unit: 'binary', maxLength: 30 }), string({ maxLength: 30 }));
  if (pattern === undefined) return any;
  return oneof(
    { weight: 9, arbitrary: stringMatching(new RegExp(pattern.replace(LOOK, ''))) },
    { weight: 1, arbitrary: any },
  );
}
