import { isUtf8 } from 'node:buffer';
import type { SecretValue } from '../vault/secret-value.ts';

/**
 * Returns the content of Nextflow's own store: a JSON array of {name, value}. Nextflow writes a value as `export NAME="value"`
 * into a shell file with only `$` escaped, and filters the file with `grep -w -e 'NAME=.*'` line by line.
 * `unfitForNextflowFormat` finds values that this would change, execute, or give to the wrong task.
 */
export function storeJson(secrets: ReadonlyMap<string, SecretValue>): string {
  const entries = [...secrets]
    // JSON cannot carry bytes that are not text. With the plugin, only the configuration lacks such a secret.
    .filter(([, value]) => isUtf8(value.open()))
    .map(([name, value]) => ({ name, value: value.open().toString('utf8') }));
  return JSON.stringify(entries);
}

/**
 * Returns the secrets that Nextflow's format cannot carry, with the reason as a clause. The others can be delivered together, if
 * all of these are left out.
 */
export function unfitForNextflowFormat(secrets: ReadonlyMap<string, SecretValue>): Map<string, string> {
  const found = new Map<string, string>();
  const note = (name: string, what: string): unknown =>
    found.set(name, `Nextflow's own format cannot carry its value, which ${what}`);
  for (const [name, value] of secrets) {
    const what = unfit(value.open());
    if (what !== undefined) note(name, what);
  }
  const fitting = [...secrets].filter(([name]) => !found.has(name));
  const names = fitting.map(([name]) => name);
  for (const [name, value] of fitting) {
    const other = names.find((candidate) => candidate !== name && value.open().includes(`${candidate}=`));
    if (other !== undefined) note(name, sharedWith(other));
  }
  return found;
}

const UNFIT: readonly (readonly [string, string])[] = [
  ['\n', 'contains a newline'],
  ['\r', 'contains a carriage return'],
  ['"', 'contains a double quote'],
  ['`', 'contains a backtick, which a shell would execute'],
  ['\\', 'contains a backslash'],
];

function unfit(bytes: Buffer): string | undefined {
  const found = UNFIT.find(([character]) => bytes.includes(character));
  if (found !== undefined) return found[1];
  return isUtf8(bytes) ? undefined : 'is not UTF-8 text';
}

/** A process that declares OTHER would receive this value too, because grep finds `OTHER=` in it. */
function sharedWith(other: string): string {
  return `contains "${other}=", so that every task with the secret ${other} would receive it too`;
}
