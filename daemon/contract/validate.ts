import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Ajv2020, ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { EscrowError } from '../errors.ts';
import type { Contract } from './types.ts';

const directory = fileURLToPath(import.meta.resolve('#schemas/run.json')).replace(/run\.json$/, '');

let compiled: Ajv2020 | undefined;

/** Loads ajv and the schemas on first use, because most commands never validate. */
function validators(): Ajv2020 {
  if (compiled !== undefined) return compiled;
  const { Ajv2020 } = createRequire(import.meta.url)('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
  compiled = new Ajv2020({ allErrors: false, strict: true, allowUnionTypes: true });
  compiled.addVocabulary(['x-platform', 'x-placeholder', 'x-summary']); // for the command line
  for (const file of readdirSync(directory)) {
    if (file.endsWith('.json'))
      compiled.addSchema(JSON.parse(readFileSync(directory + file, 'utf8')) as object, file);
  }
  return compiled;
}

/**
 * Validates data from outside against `schemas/<file>` and returns it. Throws `request-invalid`, whose message names the
 * field and the rule but never quotes the data, which may be a secret value.
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
  if (error === undefined) return 'The body does not match the schema.';
  const place = error.instancePath === '' ? 'The body' : `"${error.instancePath}"`;
  const unknown =
    error.keyword === 'additionalProperties' ? `: ${String(error.params['additionalProperty'])}` : '';
  return `${place} ${error.message ?? 'does not match the schema'}${unknown}.`;
}
