import { existsSync } from 'node:fs';
import { isBootedBySystemd, killsAtLogout, isLingerEnabled } from '../../system/processes/logind.ts';
import { ownAccount } from '../../system/processes/own-account.ts';
import { userUnitPath } from '../../system/user-unit.ts';
import { ok, warning, type Check } from '../check.ts';
import type { DoctorContext } from '../doctor-context.ts';

const NAME = 'logout';

/**
 * Checks whether the daemon and detached heads survive logout. With `KillUserProcesses`, all processes of a login session end
 * with it, even with lingering. Services of the user's systemd instance survive only with lingering.
 */
export function checkLogout({ logind, env }: Pick<DoctorContext, 'logind' | 'env'>): Check[] {
  if (!isBootedBySystemd(logind))
    return [ok(NAME, 'processes survive logout: this host is not booted by systemd')];
  const { username } = ownAccount();
  const enable = `loginctl enable-linger ${username}`;
  const isLingering = isLingerEnabled(username, logind);
  const isInstalled = existsSync(userUnitPath(env));
  if (isInstalled && isLingering)
    return [ok(NAME, 'the daemon survives logout: it is a systemd user service, and lingering is on')];
  if (isInstalled)
    return [
      warning(NAME, 'the daemon stops when your last session ends: lingering is off', `Run ${enable}.`),
    ];
  if (!killsAtLogout(username, logind))
    return [
      ok(NAME, 'processes survive logout. To start the daemon after a reboot: nf-escrow daemon install'),
    ];
  const remedy = `Run ${isLingering ? '' : `${enable}, then `}nf-escrow daemon install, and run Nextflow as a job: nf-escrow compute-envs update NAME --head-job.`;
  return [
    warning(
      NAME,
      'this host kills all processes of a session at logout (KillUserProcesses), including the daemon and detached runs',
      `${remedy} The shim or the next command still removes the secrets.`,
    ),
  ];
}
