import type { SecretValue } from '../../vault/secret-value.ts';

/** The names of the secrets that share one AWS secret. */
export interface SecretBundle {
  /** Suffix of the AWS secret's name after the run id; empty for the first bundle. */
  readonly suffix: string;
  readonly names: readonly string[];
  /** `value`: one value, unchanged. `object`: a JSON object of name and value. */
  readonly form: 'value' | 'object';
}

/** Maximum bytes of a secret: https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
const SECRET_MAX = 65_536;

/**
 * Splits values into AWS secrets. `bundle`: one JSON object, or several if the encoded object would be too large. A
 * value too large for a JSON object gets its own AWS secret, unchanged. `per-secret`: one AWS secret for each value.
 * The result is the same for the same values.
 */
export function splitIntoBundles(
  layout: 'bundle' | 'per-secret',
  secrets: ReadonlyMap<string, SecretValue>,
): SecretBundle[] {
  const names = [...secrets.keys()].sort();
  if (layout === 'per-secret')
    return names.map((name) => ({ suffix: `/${name}`, names: [name], form: 'value' }));
  const groups: { names: string[]; bytes: number }[] = [];
  for (const name of names) {
    const bytes = entryBytes(name, secrets);
    const free = groups.find((group) => group.bytes + bytes <= SECRET_MAX);
    if (free === undefined)
      groups.push({ names: [name], bytes: bytes + 1 }); // two braces, minus the comma after the last entry
    else {
      free.names.push(name);
      free.bytes += bytes;
    }
  }
  return groups.map(({ names: inside, bytes }, index) => ({
    suffix: index === 0 ? '' : `/${String(index + 1)}`,
    names: inside,
    form: bytes > SECRET_MAX ? 'value' : 'object',
  }));
}

/** Returns the text of an AWS secret that holds `secrets`. */
export function encodeBundle(
  { form }: Pick<SecretBundle, 'form'>,
  secrets: ReadonlyMap<string, SecretValue>,
): string {
  const texts = [...secrets].map(([name, value]) => [name, value.open().toString('utf8')] as const);
  return form === 'value' ? (texts[0]?.[1] ?? '') : JSON.stringify(Object.fromEntries(texts));
}

/** Returns the encoded size of `"NAME":"value",` in bytes. */
function entryBytes(name: string, secrets: ReadonlyMap<string, SecretValue>): number {
  const value = secrets.get(name)?.open().toString('utf8') ?? '';
  return Buffer.byteLength(JSON.stringify({ [name]: value })) - 1;
}
