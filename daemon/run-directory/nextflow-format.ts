import { EscrowError } from '../errors.ts';
import type { SecretValue } from '../vault/secret-value.ts';

/**
 * Nextflow's own store: a JSON array of {name, value}. Tasks get a value as `export NAME="value"` in a shell file that
 * is filtered with `grep -w -e 'NAME=.*'` a line at a time, with only `$` escaped (nextflow.md). What that would
 * change, execute, or hand to the wrong task is refused here.
 */
export function storeJson(secrets: ReadonlyMap<string, SecretValue>): string {
  const entries = [...secrets]
    // What is no text cannot be in JSON. Where tasks have the plugin, only the configuration goes without it.
    .filter(([, value]) => isText(value.open()))
    .map(([name, value]) => ({ name, value: value.open().toString('utf8') }));
  return JSON.stringify(entries);
}

/**
 * Throws `value-not-deliverable`, by name and reason, for the first value that Nextflow's format cannot carry. `why`: the
 * reason, as a clause, for which the plugin that could is not used.
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
      `${name} ${what}. Nextflow's own secrets format cannot carry that, and nf-escrow's plugin, which could, is not used: ${why ?? 'nobody asked for it'}.`,
    );
  }
}

const UNFIT: readonly (readonly [string, string])[] = [
  ['\n', 'holds a newline, which would end its line and lose the rest'],
  ['\r', 'holds a carriage return, which would change on the way'],
  ['"', 'holds a double quote, which would end it and have the rest run as shell code'],
  ['`', 'holds a backtick, which would be run as a shell command'],
  ['\\', 'holds a backslash, which the shell would take as an escape'],
];

function unfit(bytes: Buffer): string | undefined {
  const found = UNFIT.find(([character]) => bytes.includes(character));
  if (found !== undefined) return found[1];
  return isText(bytes) ? undefined : 'is not UTF-8 text, and would be changed in JSON';
}

function isText(bytes: Buffer): boolean {
  return bytes.equals(Buffer.from(bytes.toString('utf8')));
}

/** A process that declares OTHER would be given this value too: grep finds `OTHER=` inside it. */
function shared(name: string, bytes: Buffer, secrets: ReadonlyMap<string, SecretValue>): string | undefined {
  const other = [...secrets.keys()].find(
    (candidate) => candidate !== name && bytes.includes(`${candidate}=`),
  );
  if (other === undefined) return undefined;
  return `holds "${other}=", so that every task with the secret ${other} would be given it as well`;
}
