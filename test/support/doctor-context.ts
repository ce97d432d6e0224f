import { userAndRoot } from '../../daemon/system/files/trust/trusted-owners.ts';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { locatePaths, type Paths } from '../../daemon/config/paths.ts';
import type { Check } from '../../daemon/doctor/check.ts';
import type { LogindPaths } from '../../daemon/system/processes/logind.ts';
import { createScheduler } from '../../daemon/schedulers/create-scheduler.ts';
import type { DoctorContext } from '../../daemon/doctor/doctor-context.ts';

/** Returns the context of a healthy machine, with all paths in a directory of the test. */
export function subjectIn(
  directory: string,
  changes: Partial<DoctorContext> = {},
): DoctorContext & { readonly paths: Paths } {
  const env = { HOME: directory, NF_ESCROW_HOME: `${directory}/home`, PATH: '/usr/bin:/bin' };
  return {
    env,
    version: '0.1.0',
    nextflow: undefined,
    settingsError: undefined,
    workspace: undefined,
    computeEnvironment: undefined,
    clock: Date.now,
    umask: 0o022,
    policy: 'warn',
    owners: userAndRoot,
    cpuSeconds: undefined,
    logind: logindIn(directory),
    schedulerOf: createScheduler,
    limitMs: 30_000,
    answers: async () => true,
    ...changes,
    paths: changes.paths ?? locatePaths(changes.env ?? env),
  };
}

/** Returns the paths of systemd's settings, in a directory of the test. */
export function logindIn(directory: string): LogindPaths {
  return {
    booted: `${directory}/systemd`,
    linger: `${directory}/linger`,
    configuration: {
      file: `${directory}/logind.conf`,
      dropIns: [`${directory}/usr.d`, `${directory}/etc.d`],
    },
  };
}

/** Writes a program, creates its parent directories, and returns its path. */
export function program(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

/** Writes a fake java that only prints its version. */
export function fakeJava(path: string, version: string): string {
  return program(
    path,
    `#!/bin/sh\n[ "$*" = -version ] && echo 'openjdk version "${version}" 2025-04-15' >&2\n`,
  );
}

/** Returns the only check of a list. Throws when there are more or none. */
export function only(checks: readonly Check[]): Check {
  const [check, ...others] = checks;
  if (check === undefined || others.length > 0)
    throw new Error(`one check was expected: ${JSON.stringify(checks)}`);
  return check;
}
