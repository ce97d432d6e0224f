import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pidsOf } from '../../support/accounts.ts';
import { removeAbandoned } from '../../support/sandbox.ts';
import { MARKER } from './ground.ts';

/** Ends what killed campaigns have left: daemons and replicas, and databases with their accounts. */
export function removeAbandonedDatabases(): void {
  removeAbandoned();
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [name = '', , uid = '', , , home = ''] = line.split(':');
    const [, owner] = /^nfe(\d+)[a-z]$/.exec(name) ?? [];
    if (owner === undefined || !existsSync(join(home, MARKER)) || existsSync(`/proc/${owner}`)) continue;
    for (const pid of pidsOf(Number(uid))) process.kill(pid, 'SIGKILL');
    spawnSync('userdel', ['--remove', '--force', name]);
  }
}
