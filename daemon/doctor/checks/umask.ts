import { ok, warning, type Check } from '../check.ts';
import type { DoctorContext } from '../doctor-context.ts';

const WRITE_BY_OTHERS = 0o022;

/** What this process leaves open in files it makes. Ours have their own modes; Nextflow's work directories have not. */
export function checkUmask({ umask }: Pick<DoctorContext, 'umask'>): Check[] {
  const octal = umask.toString(8).padStart(4, '0');
  if ((umask & WRITE_BY_OTHERS) === WRITE_BY_OTHERS) return [ok('umask', octal)];
  return [
    warning(
      'umask',
      `${octal} lets others change what Nextflow writes, its task scripts too`,
      'umask 022 (or 077), in the shell or its profile.',
    ),
  ];
}
