import { Ajv } from 'ajv';
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import { describeViolation } from '../../contract/describe-violation.ts';
import type { LaunchRequest, ParameterViolation } from '../../contract/types.ts';
import type { ChildTasks } from './tasks.ts';

const VIOLATIONS_MAX = 100;
const NAME_MAX = 500;
const DETAIL_MAX = 1000;
const REASON_MAX = 200;
/** Schemas of nf-core before nf-schema 2 have this draft. */
const OLD_DRAFT = /draft-0[3-7]/;

/** Extra keywords of nf-schema (`help_text`, `exists`, …) and formats of files are not checked: Nextflow checks them. */
const OPTIONS = {
  strict: false,
  allErrors: true,
  verbose: true,
  validateFormats: false,
  validateSchema: false,
  ownProperties: true, // a parameter can be called like a property of every object, such as constructor
  unicodeRegExp: false, // patterns in use have escapes that it forbids
  logger: false,
} as const;

/**
 * Compares parameters with the schema of a pipeline. Schema and patterns are hostile, so this runs in a child process with a time
 * limit. Like nf-schema, takes null and empty text as not set. `failure`: why the schema cannot be used.
 */
export function checkParameters(
  given: object,
  parameters: NonNullable<LaunchRequest['parameters']>,
): ChildTasks['parameters']['output'] {
  const own = Object.entries(given).filter(([key]) => key !== '$schema' && key !== '$id');
  const validators = OLD_DRAFT.test(String((given as { readonly $schema?: unknown }).$schema))
    ? new Ajv(OPTIONS)
    : new Ajv2020(OPTIONS);
  const set = Object.entries(parameters).filter(([, value]) => value !== null && value !== '');
  try {
    const check = validators.compile(Object.fromEntries(own));
    check(Object.fromEntries(set));
    return { violations: describe(check.errors ?? []) };
  } catch (error) {
    return { failure: error instanceof Error ? error.message.slice(0, REASON_MAX) : 'it is invalid' };
  }
}

function describe(errors: readonly ErrorObject[]): ParameterViolation[] {
  // The branches of a choice are reported as well as the choice itself.
  const own = errors.filter(({ keyword }) => keyword !== 'if');
  const violations = own.map((error) => {
    const { field, detail } = describeViolation(error);
    const text = field === '' ? detail.replace(/^The body/, 'The parameters') : detail;
    return { parameter: field.slice(0, NAME_MAX), detail: text.slice(0, DETAIL_MAX) };
  });
  const unique = new Map(violations.map((one) => [JSON.stringify(one), one]));
  return [...unique.values()].slice(0, VIOLATIONS_MAX);
}
