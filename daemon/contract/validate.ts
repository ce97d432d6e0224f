import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { packageFile } from '../package-files.ts';
import { EscrowError } from '../errors.ts';
import type { Contract } from './types.ts';

let compiled: Ajv2020 | undefined;

/** Loads the schemas on first use. Each is compiled when it is first needed. */
function validators(): Ajv2020 {
  if (compiled !== undefined) return compiled;
  compiled = new Ajv2020({ allErrors: false, strict: true, allowUnionTypes: true });
  compiled.addVocabulary(['x-platform', 'x-placeholder', 'x-summary']); // for the command line
  const directory = packageFile('schemas');
  for (const file of readdirSync(directory)) {
    if (file.endsWith('.json'))
      compiled.addSchema(JSON.parse(readFileSync(join(directory, file), 'utf8')) as object, file);
  }
  return compiled;
}

/** Returns the parsed content of `schemas/<file>`. */
export function schemaOf(file: string): object {
  return validators().getSchema(file)?.schema as object;
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
