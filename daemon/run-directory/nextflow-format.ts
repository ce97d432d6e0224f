import { EscrowError } from '../errors.ts';
import type { SecretValue } from '../vault/secret-value.ts';

/**
 * Returns the content of Nextflow's own store: a JSON array of {name, value}. Nextflow writes a value as `export NAME="value"`
 * into a shell file with only `$` escaped, and filters the file with `grep -w -e 'NAME=.*'` line by line.
 * `assertFitsNextflowFormat` rejects values that this would change, execute, or give to the wrong task.
 */
export function storeJson(secrets: ReadonlyMap<string, SecretValue>): string {
  const entries = [...secrets]
    // JSON cannot carry bytes that are not text. With the plugin, only the configuration lacks such a secret.
    .filter(([, value]) => isText(value.open()))
    .map(([name, value]) => ({ name, value: value.open().toString('utf8') }));
  return JSON.stringify(entries);
}

/**
 * Throws `value-not-deliverable`, with name and reason, for the first value that Nextflow's format cannot carry. `why`: the
 * reason, as a clause, why the plugin is not used.
 */
export function assertFitsNextflowFormat(
  secrets: ReadonlyMap<string, SecretValue>,
  why: string | null,
): void {
  for (const [name, value] of secrets) {
    const what = unfit(value.open()) ?? shared(name, value.open(), secrets);
    if (what === undefined) continue;
    throw new EscrowError(
      'value-not-deliverable',
      `Cannot deliver secret ${name} in Nextflow's own format: its value ${what}. nf-escrow's plugin, which supports such values, is not used: ${why ?? 'the caller did not request it'}.`,
    );
  }
}

const UNFIT: readonly (readonly [string, string])[] = [
  ['\n', 'contains a newline, which ends the line and loses the rest'],
  ['\r', 'contains a carriage return, which Nextflow does not preserve'],
  ['"', 'contains a double quote, so that a shell would execute the rest'],
  ['`', 'contains a backtick, so that a shell would execute it'],
  ['\\', 'contains a backslash, which a shell interprets as an escape'],
];

function unfit(bytes: Buffer): string | undefined {
  const found = UNFIT.find(([character]) => bytes.includes(character));
  if (found !== undefined) return found[1];
  return isText(bytes) ? undefined : 'is not UTF-8 text, which JSON cannot carry';
}

function isText(bytes: Buffer): boolean {
  return bytes.equals(Buffer.from(bytes.toString('utf8')));
}

/** A process that declares OTHER would receive this value too, because grep finds `OTHER=` in it. */
function shared(name: string, bytes: Buffer, secrets: ReadonlyMap<string, SecretValue>): string | undefined {
  const other = [...secrets.keys()].find(
    (candidate) => candidate !== name && bytes.includes(`${candidate}=`),
  );
  if (other === undefined) return undefined;
  return `contains "${other}=", so that every task with the secret ${other} would receive it too`;
}
