import { findNextflow } from '../../nextflow/launcher/find.ts';
import { readLauncher, type Launcher } from '../../nextflow/launcher/version.ts';
import { failure, ok, warning, type Check } from '../check.ts';
import type { DoctorContext } from '../doctor-context.ts';

/** The version that the plugins are compiled against. Launcher and store format are tested from this version on. */
const OLDEST = [24, 10] as const;

/** Checks the nextflow that `run` would start. Throws `nextflow-missing`. */
export async function checkNextflow({ nextflow, env }: DoctorContext): Promise<Check[]> {
  const path = findNextflow(nextflow, env);
  const { version, from } = readLauncher(path, env);
  const [, year, month] = /^(\d+)\.(\d+)\./.exec(version ?? '') ?? [];
  if (version === undefined || year === undefined) {
    const found = version === undefined ? 'unknown version' : `unknown version "${version}" (from ${from})`;
    const remedy = `Check with \`nextflow -version\` that it is ${OLDEST.join('.')} or later.`;
    return [warning('nextflow', `${path}: ${found}`, remedy)];
  }
  const found = `${version} at ${path} (from ${from})`;
  if (Number(year) > OLDEST[0] || (Number(year) === OLDEST[0] && Number(month) >= OLDEST[1]))
    return [ok('nextflow', found)];
  const remedy =
    from === 'NXF_VER'
      ? 'Unset NXF_VER, or set it to 24.10.0 or later.'
      : 'Install 24.10.0 or later (`nextflow self-update`), or set NF_ESCROW_NEXTFLOW to another Nextflow.';
  return [failure('nextflow', `${found} is too old`, remedy)];
}

/** Returns the same nextflow for other checks, or undefined if there is none. */
export function findLauncher({ nextflow, env }: DoctorContext): Launcher | undefined {
  let path;
  try {
    path = findNextflow(nextflow, env);
  } catch {
    return undefined; // checkNextflow reports it
  }
  return readLauncher(path, env);
}
