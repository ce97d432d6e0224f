import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Ajv2020, ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { EscrowError } from '../errors.ts';
import type { Contract } from './types.ts';

const directory = fileURLToPath(import.meta.resolve('#schemas/run.json')).replace(/run\.json$/, '');

let compiled: Ajv2020 | undefined;

/** Loaded and compiled at first use: what is never validated costs nothing, and a command seldom validates. */
function validators(): Ajv2020 {
  if (compiled !== undefined) return compiled;
  const { Ajv2020 } = createRequire(import.meta.url)('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
  compiled = new Ajv2020({ allErrors: false, strict: true, allowUnionTypes: true });
  compiled.addVocabulary(['x-platform', 'x-placeholder']); // read by the command line
  for (const file of readdirSync(directory)) {
    if (file.endsWith('.json'))
      compiled.addSchema(JSON.parse(readFileSync(directory + file, 'utf8')) as object, file);
  }
  return compiled;
}

/**
 * Checks data from outside against `schemas/<file>`. Throws `request-invalid`, which tells the place and the rule but
 * never what stood there: it may be a value.
 */
export function validate<Name extends keyof Contract>(
  file: string,
  data: unknown,
): NonNullable<Contract[Name]> {
  const check = validators().getSchema(file) as ValidateFunction | undefined;
  if (check === undefined) throw new Error(`there is no schema ${file}`);
  if (check(data)) return data as NonNullable<Contract[Name]>;
  throw new EscrowError('request-invalid', `${describe(check.errors?.[0])} (schemas/${file})`);
}

function describe(error: ErrorObject | undefined): string {
  if (error === undefined) return 'The body does not fit.';
  const place = error.instancePath === '' ? 'The body' : `"${error.instancePath}"`;
  const unknown =
    error.keyword === 'additionalProperties' ? `: ${String(error.params['additionalProperty'])}` : '';
  return `${place} ${error.message ?? 'does not fit'}${unknown}.`;
}
