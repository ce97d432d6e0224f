import type { RunRequest } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import type { NextflowConfiguration } from '../../stores/store.ts';

/** Configuration keys that are already set, with their values. */
export type Configured = NonNullable<RunRequest['configured']>;

/**
 * Returns the configuration file that a run gets with `-c`: the keys that its platform needs and that are not set yet.
 * Undefined if its platform needs none. Throws `compute-environment-invalid` if the pipeline sets a fixed key to another
 * value.
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
        `Cannot run the pipeline in this compute environment: the configuration of the pipeline sets ${key} = ${said}, but the compute environment requires ${String(values[key])}.`,
        { hint: `Remove ${key} from the configuration, or use a compute environment with the same value.` },
      );
  }
  const lines = Object.entries(values).flatMap(([key, value]) =>
    value === undefined || configured[key as keyof Configured] !== undefined
      ? []
      : [`${key} = ${quote(value)}`],
  );
  return `// Written by nf-escrow: settings that neither the pipeline nor you have set.\n${lines.join('\n')}\n`;
}

/** Quotes with single quotes, because Groovy does not interpolate them. */
function quote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
