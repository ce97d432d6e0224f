import { assertSecretName } from '../../contract/secret-name.ts';
import { EscrowError } from '../../errors.ts';
import { secretValueFrom } from '../secret-bytes.ts';
import type { SecretValue } from '../secret-value.ts';

/** Validates imported names and values. Throws `name-invalid`, `value-invalid`, `import-invalid` for a repeated name. */
export function importedValues(
  secrets: readonly { readonly name: string; readonly valueBase64: string }[],
): Map<string, SecretValue> {
  const values = new Map<string, SecretValue>();
  for (const { name, valueBase64 } of secrets) {
    assertSecretName(name);
    if (values.has(name)) throw new EscrowError('import-invalid', `The name ${name} occurs twice.`);
    values.set(name, secretValueFrom(name, Buffer.from(valueBase64, 'base64')));
  }
  return values;
}
