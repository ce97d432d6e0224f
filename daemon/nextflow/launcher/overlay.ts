import type { RunRequest } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import type { NextflowConfiguration } from '../../stores/store.ts';

/** Keys that are set already, and to what. */
export type Configured = NonNullable<RunRequest['configured']>;

/**
 * Returns the configuration file that a run is given with `-c`: what its platform needs and nobody else has set; undefined
 * where its platform needs nothing. Throws `compute-environment-invalid` where the pipeline sets a fixed key differently.
 */
export function configOverlay(
  wanted: NextflowConfiguration | undefined,
  configured: Configured,
): string | undefined {
  if (wanted === undefined) return undefined;
  const { values, fixed } = wanted;
  for (const key of fixed) {
    const said = configured[key];
    if (said !== undefined && said !== values[key])
      throw new EscrowError(
        'compute-environment-invalid',
        `The pipeline's configuration says ${key} = ${said}, and the compute environment ${String(values[key])}.`,
        { hint: 'Take it out of the configuration, or use a compute environment that says the same.' },
      );
  }
  const lines = Object.entries(values).flatMap(([key, value]) =>
    value === undefined || configured[key as keyof Configured] !== undefined
      ? []
      : [`${key} = ${quote(value)}`],
  );
  return `// Of nf-escrow: what neither the pipeline nor you have said.\n${lines.join('\n')}\n`;
}

/** Single quotes: Groovy replaces nothing in them. */
function quote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
