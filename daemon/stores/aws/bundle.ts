import type { SecretValue } from '../../vault/secret-value.ts';

/** What goes into one AWS secret. */
export interface SecretBundle {
  /** What its name ends in, behind the run's id; empty for the first. */
  readonly suffix: string;
  readonly names: readonly string[];
  /** One value as it is, or a JSON object of several. */
  readonly form: 'value' | 'object';
}

/** What a secret's value may have: https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
export const SECRET_MAX = 65_536;

/**
 * Divides values among AWS secrets. `bundle`: one JSON object, and more of them where it would be too big once encoded;
 * a value too big for any is put in by itself, as it is. `per-secret`: each by itself. The same values, the same boxes.
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
      groups.push({ names: [name], bytes: bytes + 1 }); // the braces; a comma is in each entry
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

/** The text of a box. `names` are in it all, and `secrets` holds them. */
export function encodeBundle(
  { form }: Pick<SecretBundle, 'form'>,
  secrets: ReadonlyMap<string, SecretValue>,
): string {
  const texts = [...secrets].map(([name, value]) => [name, value.open().toString('utf8')] as const);
  return form === 'value' ? (texts[0]?.[1] ?? '') : JSON.stringify(Object.fromEntries(texts));
}

/** Bytes of `"NAME":"value",`, escaped. */
function entryBytes(name: string, secrets: ReadonlyMap<string, SecretValue>): number {
  const value = secrets.get(name)?.open().toString('utf8') ?? '';
  return Buffer.byteLength(JSON.stringify({ [name]: value })) - 1;
}
