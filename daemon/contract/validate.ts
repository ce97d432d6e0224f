import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { packageFile } from '../package-files.ts';
import { EscrowError } from '../errors.ts';
import { describeViolation } from './describe-violation.ts';
import type { Contract } from './types.ts';

let loaded: Ajv2020 | undefined;

/**
 * Returns the schemas, with at least `file` and those that it refers to. Each file is read when it is first needed: a daemon needs few of
 * the 200, and each costs a round trip if the program is on a network file system.
 */
function schemasWith(file: string): Ajv2020 {
  if (loaded === undefined) {
    loaded = new Ajv2020({ allErrors: false, strict: true, allowUnionTypes: true, verbose: true });
    loaded.addVocabulary(['x-platform', 'x-placeholder', 'x-summary', 'x-rule']); // for the command line and messages
  }
  load(loaded, file);
  return loaded;
}

function load(schemas: Ajv2020, file: string): void {
  if (schemas.schemas[file] !== undefined) return;
  const text = readFileSync(join(packageFile('schemas'), file), 'utf8');
  schemas.addSchema(JSON.parse(text) as object, file);
  for (const [, reference = ''] of text.matchAll(/"\$ref": *"([^"#]+)/g)) load(schemas, reference);
}

/** Returns the parsed content of `schemas/<file>`. */
export function schemaOf(file: string): object {
  return schemasWith(file).schemas[file]?.schema as object; // getSchema would compile it
}

/**
 * Validates data from outside against `schemas/<file>` and returns it. Throws `request-invalid`, whose message names the
 * field and the rule but never quotes the data, which may be a secret value.
 */
export function validate<Name extends keyof Contract>(
  file: string,
  data: unknown,
): NonNullable<Contract[Name]> {
  const check = schemasWith(file).getSchema(file) as ValidateFunction;
  if (check(data)) return data as NonNullable<Contract[Name]>;
  const [violation] = check.errors ?? [];
  if (violation === undefined) throw new Error(`${file} reports no violation`);
  const { field, detail, hint } = describeViolation(violation);
  throw new EscrowError('request-invalid', detail, {
    ...(field === '' ? {} : { field }),
    hint: hint ?? `Correct the request. Its schema is schemas/${file}.`,
  });
}
