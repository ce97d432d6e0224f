import { EscrowError } from '../../../errors.ts';

/** Collects the values of a repeatable option. */
export function collect(one: string, others: readonly string[] | undefined): readonly string[] {
  return [...(others ?? []), one];
}

/** Reads the values of `--env`: NAME=VALUE. Throws `usage`. */
export function readVariables(given: readonly string[]): Record<string, string> {
  const entries = given.map((one) => {
    const [name = '', value] = one.split(/=(.*)/s, 2);
    if (value !== undefined) return [name, value] as const;
    throw new EscrowError('usage', `Option --env requires NAME=VALUE, not "${name}".`, {
      hint: 'Example: --env NXF_VER=25.10.0',
    });
  });
  return Object.fromEntries(entries);
}
