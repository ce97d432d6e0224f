import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { packageFile } from '../package-files.ts';
import { EscrowError } from '../errors.ts';
import { describeViolation } from './describe-violation.ts';
import type { Contract } from './types.ts';

let compiled: Ajv2020 | undefined;

/** Loads the schemas on first use. Each is compiled when it is first needed. */
function validators(): Ajv2020 {
  if (compiled !== undefined) return compiled;
  compiled = new Ajv2020({ allErrors: false, strict: true, allowUnionTypes: true, verbose: true });
  compiled.addVocabulary(['x-platform', 'x-placeholder', 'x-summary', 'x-rule']); // for the command line and messages
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
  const [violation] = check.errors ?? [];
  if (violation === undefined) throw new Error(`${file} reports no violation`);
  const { field, detail, hint } = describeViolation(violation);
  throw new EscrowError('request-invalid', detail, {
    ...(field === '' ? {} : { field }),
    hint: hint ?? `Correct the request. Its schema is schemas/${file}.`,
  });
}
