import { shortenName } from '../../contract/secret-name.ts';
import { whyInvalid } from '../../contract/secret-name-rule.ts';
import type { ImportRequest, ImportResult } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { whyUnfit } from '../secret-bytes.ts';
import { SecretValue } from '../secret-value.ts';
import type { ConflictRule } from './conflict-rule.ts';
import { readTextEntries, unfitEntry, type TextEntry } from './import-text.ts';
import { importedValues } from './imported-values.ts';

/** What messages call the text of a request. */
const INPUT = 'the text';

/** The entries of a request that can be imported, and the others. */
interface ExaminedImport {
  readonly values: ReadonlyMap<string, SecretValue>;
  readonly refused: NonNullable<ImportResult['refused']>;
}

/** Returns the values that a request imports. Throws `name-invalid`, `value-invalid`, `import-invalid`, `request-unprocessable`. */
export function requestedValues(request: ImportRequest): Map<string, SecretValue> {
  const { secrets, only } = request;
  if (secrets !== undefined) return importedValues(listOf(request));
  const entries = textOf(request);
  const names = new Set(entries.map(({ name }) => name));
  const wanted = only === undefined ? names : new Set(only.map(({ name }) => name));
  const missing = [...wanted].find((name) => !names.has(name));
  if (missing !== undefined)
    throw new EscrowError(
      'import-invalid',
      `Cannot import "${shortenName(missing)}": the text has no such secret.`,
    );
  const chosen = entries.flatMap(({ name, value }, index) => {
    if (!wanted.has(name)) return [];
    if (value === undefined) throw unfitEntry(INPUT, index + 1);
    return [{ name, valueBase64: Buffer.from(value).toString('base64') }];
  });
  return importedValues(chosen);
}

/**
 * Sorts the entries of a request into those that can be imported and the others. A list is not examined by entry: one that cannot
 * be imported throws the error with which the import would fail.
 */
export function examineImport(request: ImportRequest): ExaminedImport {
  if (request.secrets !== undefined) return { values: importedValues(listOf(request)), refused: [] };
  const values = new Map<string, SecretValue>();
  const refused: ExaminedImport['refused'] = [];
  for (const entry of textOf(request)) {
    const { name, value = '' } = entry;
    const bytes = Buffer.from(value);
    const reason = values.has(name) ? 'the name occurs twice' : whyRefused(entry, bytes);
    if (reason === undefined) values.set(name, new SecretValue(bytes));
    else refused.push({ name: whyInvalid(name) === undefined ? name : shortenName(name), reason });
  }
  return { values, refused };
}

/** Returns how a request handles names that exist. */
export function conflictRuleOf({ only, onConflict }: ImportRequest): ConflictRule {
  return only === undefined ? onConflict : new Map(only.map(({ name, version }) => [name, version]));
}

function whyRefused({ name, value }: TextEntry, bytes: Buffer): string | undefined {
  return whyInvalid(name) ?? (value === undefined ? 'the value is not text' : whyUnfit(bytes));
}

function listOf({ secrets = [], textBase64, format, only }: ImportRequest) {
  if (textBase64 === undefined && format === undefined && only === undefined) return secrets;
  throw new EscrowError(
    'request-unprocessable',
    'secrets cannot be combined with textBase64, format or only.',
    {
      field: 'secrets',
    },
  );
}

function textOf({ textBase64, format }: ImportRequest): TextEntry[] {
  if (textBase64 !== undefined && format !== undefined)
    return readTextEntries(format, INPUT, Buffer.from(textBase64, 'base64'));
  throw new EscrowError(
    'request-unprocessable',
    'The request needs `secrets`, or `textBase64` and `format`.',
    {
      field: 'secrets',
    },
  );
}
