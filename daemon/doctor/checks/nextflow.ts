import { findNextflow } from '../../nextflow/launcher/find.ts';
import { readLauncher, type Launcher } from '../../nextflow/launcher/version.ts';
import { failure, ok, warning, type Check } from '../check.ts';
import type { DoctorContext } from '../doctor-context.ts';

/** What the plugins are compiled against; the store's format and the launcher are tested from here on. */
const OLDEST = [24, 10] as const;

/** The nextflow that `run` would start. Throws `nextflow-missing`. */
export async function checkNextflow({ nextflow, env }: DoctorContext): Promise<Check[]> {
  const path = findNextflow(nextflow, env);
  const { version, from } = readLauncher(path, env);
  const [, year, month] = /^(\d+)\.(\d+)\./.exec(version ?? '') ?? [];
  if (version === undefined || year === undefined) {
    const found = version === undefined ? 'nothing tells its version' : `${from} says "${version}"`;
    const remedy = `\`nextflow -version\` tells it; ${OLDEST.join('.')} or later is needed.`;
    return [warning('nextflow', `${path}: ${found}`, remedy)];
  }
  const found = `${version} at ${path} (from ${from})`;
  if (Number(year) > OLDEST[0] || (Number(year) === OLDEST[0] && Number(month) >= OLDEST[1]))
    return [ok('nextflow', found)];
  const remedy =
    from === 'NXF_VER'
      ? 'Unset NXF_VER, or set it to 24.10.0 or later.'
      : 'Install 24.10.0 or later (`nextflow self-update`), or name another with NF_ESCROW_NEXTFLOW.';
  return [failure('nextflow', `${found} is too old`, remedy)];
}

/** The same nextflow, for what another check needs of it; undefined where there is none. */
export function findLauncher({ nextflow, env }: DoctorContext): Launcher | undefined {
  let path;
  try {
    path = findNextflow(nextflow, env);
  } catch {
    return undefined; // the check above says so
  }
  return readLauncher(path, env);
}
