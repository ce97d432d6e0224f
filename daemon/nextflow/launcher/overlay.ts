import type { ComputeEnvironment } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { HEAD_PROFILE } from './head-identity.ts';

/** What a run on AWS Batch needs in its configuration. It is said by us only where nobody else says it. */
export const overlayKeys = [
  'process.executor',
  'process.queue',
  'workDir',
  'aws.region',
  'aws.profile',
  'aws.batch.executionRole',
] as const;

type Key = (typeof overlayKeys)[number];

/** Keys of these that are set already, and to what. */
export type Configured = Partial<Record<Key, string>>;

/**
 * The configuration file that a run is given with `-c`; undefined where its platform needs none. Throws `compute-environment-invalid` where the pipeline says
 * something else of what has to be the same: ECS reads secrets of its own region only.
 */
export function configOverlay(
  { aws: settings }: ComputeEnvironment,
  configured: Configured,
): string | undefined {
  if (settings === undefined) return undefined;
  const wanted: Record<Key, string | undefined> = {
    'process.executor': 'awsbatch',
    'process.queue': settings.queue,
    workDir: settings.workDir,
    'aws.region': settings.region,
    'aws.profile': settings.assumeRole === undefined ? settings.profile : HEAD_PROFILE,
    'aws.batch.executionRole': settings.executionRole,
  };
  for (const key of ['aws.region', 'aws.batch.executionRole'] as const) {
    const said = configured[key];
    if (said !== undefined && said !== wanted[key])
      throw new EscrowError(
        'compute-environment-invalid',
        `The pipeline's configuration says ${key} = ${said}, and the compute environment ${String(wanted[key])}.`,
        { hint: 'Take it out of the configuration, or use a compute environment that says the same.' },
      );
  }
  const lines = overlayKeys.flatMap((key) => {
    const value = wanted[key];
    return value === undefined || configured[key] !== undefined ? [] : [`${key} = ${quote(value)}`];
  });
  return `// Of nf-escrow: what neither the pipeline nor you have said.\n${lines.join('\n')}\n`;
}

/** Single quotes: Groovy replaces nothing in them. */
function quote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
