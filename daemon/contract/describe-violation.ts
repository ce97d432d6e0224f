import type { ErrorObject } from 'ajv';
import { didYouMean } from './nearest-name.ts';

/** What violates a schema. Never quotes the data, which may be a secret value. */
export interface Violation {
  /** Path of the invalid field, such as `limit` or `aws.region`. Empty for the data as a whole. */
  readonly field: string;
  /** A sentence that starts with the field. */
  readonly detail: string;
  readonly hint?: string;
}

interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, unknown>>;
  /** The pattern in words, after "must be". */
  readonly 'x-rule'?: string;
}

/** Describes an error of ajv, which must be verbose. */
export function describeViolation(error: ErrorObject): Violation {
  const at = pathOf(error.instancePath);
  const schema = (error.parentSchema ?? {}) as Schema;
  const { missingProperty, additionalProperty } = error.params as Record<string, unknown>;
  if (error.keyword === 'required') {
    const field = join(at, String(missingProperty));
    return { field, detail: `${field} is missing.` };
  }
  if (error.keyword === 'additionalProperties') {
    const field = join(at, String(additionalProperty).slice(0, 50));
    const fields = Object.keys(schema.properties ?? {});
    const hint = didYouMean(String(additionalProperty), fields) ?? `Use one of: ${fields.join(', ')}.`;
    return { field, detail: `${field} is not a known field.`, hint };
  }
  const subject = at === '' ? 'The body' : at;
  const rule = RULES[error.keyword] ?? ruleOf(schema, error);
  const detail = `${subject} must be ${rule ?? `valid: it ${error.message ?? 'violates the schema'}`}.`;
  const hint =
    error.keyword === 'enum' && typeof error.data === 'string'
      ? didYouMean(error.data, namesIn(schema))
      : undefined;
  return { field: at, detail, ...(hint === undefined ? {} : { hint }) };
}

/** Rules about more than one value. */
const RULES: Readonly<Record<string, string>> = {
  uniqueItems: 'a list without duplicates',
  minProperties: 'an object with at least one field',
};

/** Returns what a schema requires of a single value, after "must be". */
function ruleOf(schema: Schema, { keyword, data }: ErrorObject): string | undefined {
  const types = [schema.type ?? []].flat();
  if (schema['x-rule'] !== undefined && keyword !== 'maxLength') return orNull(schema['x-rule'], types);
  if (schema.enum !== undefined) return orWords(schema.enum.map(String));
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const rules = types.map((type) => ruleOfType(type, schema, data));
  return rules.length === 0 ? undefined : orWords(rules);
}

function ruleOfType(type: string, schema: Schema, data: unknown): string {
  if (type === 'integer' || type === 'number') return numberRule(schema, data);
  if (type === 'string') return `text${rangeOf(schema.minLength, schema.maxLength, 'characters')}`;
  if (type === 'array') return `a list${rangeOf(schema.minItems, schema.maxItems, 'items')}`;
  if (type === 'boolean') return 'true or false';
  return type === 'object' ? 'an object' : type;
}

/** A number with a fraction would satisfy "a number". */
function numberRule({ minimum, maximum }: Schema, data: unknown): string {
  const number = /^-?\d+\.\d+$/.test(String(data)) ? 'a whole number' : 'a number';
  if (minimum === undefined) return maximum === undefined ? number : `${number} up to ${String(maximum)}`;
  return `${number} from ${String(minimum)}${maximum === undefined ? '' : ` to ${String(maximum)}`}`;
}

function rangeOf(least: number | undefined, most: number | undefined, unit: string): string {
  if (least === undefined) return most === undefined ? '' : ` of at most ${String(most)} ${unit}`;
  return most === undefined
    ? ` of at least ${String(least)} ${unit}`
    : ` of ${String(least)} to ${String(most)} ${unit}`;
}

function orNull(rule: string, types: readonly string[]): string {
  return types.includes('null') ? `${rule}, or null` : rule;
}

/** Joins words: `a, b or c`. */
function orWords(words: readonly string[]): string {
  const [last = '', ...others] = words.toReversed();
  return others.length === 0 ? last : `${others.toReversed().join(', ')} or ${last}`;
}

function namesIn(schema: Schema): string[] {
  return (schema.enum ?? []).filter((one) => typeof one === 'string');
}

/** Converts a JSON pointer to a path: `/aws/region` to `aws.region`. */
function pathOf(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .join('.');
}

function join(path: string, field: string): string {
  return path === '' ? field : `${path}.${field}`;
}
