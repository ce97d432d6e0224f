import { existsSync } from 'node:fs';
import type { ComputeEnvironment } from '../../contract/types.ts';
import { findNextflow } from '../../nextflow/launcher/find.ts';
import { askLauncher } from '../../nextflow/launcher/ask-version.ts';
import { isAtLeast, readLauncher, type Launcher } from '../../nextflow/launcher/version.ts';
import { platformRules } from '../../stores/registry.ts';
import { failure, ok, warning, type Check } from '../check.ts';
import type { DoctorContext } from '../doctor-context.ts';

/** The version that the plugins are compiled against. Launcher and store format are tested from this version on. */
const OLDEST = [24, 10] as const;

/**
 * Checks the nextflow that `run` would start, and whether it is new enough for the platform of a compute environment. Throws
 * `nextflow-missing`.
 */
export async function checkNextflow(
  { nextflow, env, paths, limitMs }: DoctorContext,
  environment?: ComputeEnvironment,
): Promise<Check[]> {
  const platform = environment === undefined ? undefined : platformRules[environment.platform];
  const oldest = platform?.oldestNextflow ?? OLDEST;
  const path = findNextflow(nextflow, env);
  const launcher = readLauncher(path, env);
  // Asking creates files in the state directory, which doctor must not create.
  const mayAsk = paths !== undefined && existsSync(paths.state);
  const { version, from } = mayAsk
    ? await askLauncher(path, launcher, { env, cwd: '/', state: paths.state, limitMs })
    : launcher;
  const isNewEnough = isAtLeast(version, oldest);
  if (version === undefined || isNewEnough === undefined) {
    const found = version === undefined ? 'unknown version' : `unknown version "${version}" (from ${from})`;
    const remedy = `Check with \`nextflow -version\` that it is ${oldest.join('.')} or later.`;
    return [warning('nextflow', `${path}: ${found}`, remedy)];
  }
  const found = `${version} at ${path} (from ${from})`;
  if (isNewEnough) return [ok('nextflow', found)];
  const remedy =
    from === 'NXF_VER'
      ? `Unset NXF_VER, or set it to ${oldest.join('.')}.0 or later.`
      : `Install ${oldest.join('.')}.0 or later (\`nextflow self-update\`), or set NF_ESCROW_NEXTFLOW to another Nextflow.`;
  const why =
    environment === undefined ? 'is too old' : `is too old for compute environment ${environment.name}`;
  return [failure('nextflow', `${found} ${why}`, remedy)];
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
