import { isAbsolute } from 'node:path';
import { isWritableDirectory } from '../../system/files/path-lookup.ts';
import { failure, ok, warning, type Check } from '../check.ts';
import type { DoctorContext } from '../doctor-context.ts';

const NAME = 'environment';

/** Checks environment variables that affect a launch. Shows no values except paths and switches. */
export function checkEnvironment({ env }: Pick<DoctorContext, 'env'>): Check[] {
  const checks = [secretsSwitch(env), secretsFile(env), temporaryDirectory(env), nodeOptions(env)].filter(
    (check) => check !== undefined,
  );
  return checks.length > 0 ? checks : [ok(NAME, 'no variable affects launches')];
}

/** Nextflow enables secrets if this is unset or exactly "true" (SecretsLoader.isEnabled). */
function secretsSwitch(env: DoctorContext['env']): Check | undefined {
  const value = env['NXF_ENABLE_SECRETS'];
  if (value === undefined || value === 'true') return undefined;
  return failure(
    NAME,
    'NXF_ENABLE_SECRETS is not "true": Nextflow delivers no secrets to tasks',
    'Run unset NXF_ENABLE_SECRETS.',
  );
}

function secretsFile(env: DoctorContext['env']): Check | undefined {
  const path = env['NXF_SECRETS_FILE'];
  if (!path) return undefined;
  if (isAbsolute(path))
    return ok(
      NAME,
      `NXF_SECRETS_FILE is ${path}: nf-escrow reads this file with the lowest precedence, and never changes it`,
    );
  return warning(
    NAME,
    `NXF_SECRETS_FILE is "${path}": Nextflow resolves a relative path from its own home directory, not from the current directory`,
    'Set it to an absolute path.',
  );
}

/** Java and nf-escrow create files there. */
function temporaryDirectory(env: DoctorContext['env']): Check | undefined {
  const path = env['TMPDIR'];
  if (!path || isWritableDirectory(path)) return undefined;
  return failure(
    NAME,
    `TMPDIR is "${path}", which is not a directory that you can write to`,
    'Create it, unset TMPDIR, or set it to a directory that you can write to.',
  );
}

function nodeOptions(env: DoctorContext['env']): Check | undefined {
  if (!env['NODE_OPTIONS']) return undefined;
  return ok(NAME, 'NODE_OPTIONS is set: nf-escrow ignores it');
}
