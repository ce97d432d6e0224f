import { isAbsolute } from 'node:path';
import { ok, warning, type Check } from '../check.ts';
import type { DoctorContext } from '../doctor-context.ts';

const NAME = 'environment';

/** Variables that change what a launch does. Values are not shown, but for paths and switches. */
export function checkEnvironment({ env }: Pick<DoctorContext, 'env'>): Check[] {
  const checks = [secretsSwitch(env), secretsFile(env), nodeOptions(env)].filter(
    (check) => check !== undefined,
  );
  return checks.length > 0 ? checks : [ok(NAME, 'no variable stands in the way')];
}

/** Nextflow has secrets on when this is unset or exactly "true" (SecretsLoader.isEnabled). */
function secretsSwitch(env: DoctorContext['env']): Check | undefined {
  const value = env['NXF_ENABLE_SECRETS'];
  if (value === undefined || value === 'true') return undefined;
  return warning(
    NAME,
    'NXF_ENABLE_SECRETS is not "true": Nextflow gives its tasks no secrets',
    'unset NXF_ENABLE_SECRETS',
  );
}

function secretsFile(env: DoctorContext['env']): Check | undefined {
  const path = env['NXF_SECRETS_FILE'];
  if (!path) return undefined;
  if (isAbsolute(path))
    return ok(NAME, `NXF_SECRETS_FILE is ${path}: merged into each run as the local store, never changed`);
  return warning(
    NAME,
    `NXF_SECRETS_FILE is "${path}": Nextflow takes a relative path from its own home, not from here`,
    'Set it to an absolute path.',
  );
}

function nodeOptions(env: DoctorContext['env']): Check | undefined {
  if (!env['NODE_OPTIONS']) return undefined;
  return ok(NAME, 'NODE_OPTIONS is set: this command heeds it, the daemon drops it');
}
