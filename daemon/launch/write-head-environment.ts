import { closeSync, constants, fsyncSync, openSync, writeSync } from 'node:fs';
import type { RunStart } from '../contract/types.ts';
import { isSubmitterVariable } from '../schedulers/environment.ts';

type Start = NonNullable<RunStart['start']>;

/**
 * Variables that are useless on another host, such as this session's sockets and local scratch space.
 * `isSubmitterVariable` adds those of the scheduler's current job.
 */
const STAYS = /^(TMPDIR$|HOSTNAME$|DISPLAY$|SSH_|XDG_RUNTIME_DIR$|XDG_SESSION_|DBUS_|TERM$|PWD$|OLDPWD$|_$)/;

/**
 * Writes the environment of a head job to a private, NUL-separated file of the run directory, because a scheduler would store
 * the environment in its own files and show it to others.
 */
export function writeHeadEnvironment(
  start: Start,
  surrounding: Readonly<Record<string, string | undefined>>,
): void {
  const environment = { ...surrounding, ...start.environment };
  const entries = Object.entries(environment).filter(
    ([name]) => !STAYS.test(name) && !isSubmitterVariable(name),
  );
  const text = entries.map(([name, value]) => `${name}=${value ?? ''}\0`).join('');
  writePrivate(start.environmentFile ?? '', text);
}

function writePrivate(path: string, text: string): void {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const fd = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    for (let rest = Buffer.from(text); rest.length > 0;) rest = rest.subarray(writeSync(fd, rest));
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
