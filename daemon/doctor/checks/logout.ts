import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { isBootedBySystemd, killsAtLogout, isLingerEnabled } from '../../system/processes/logind.ts';
import { userUnitPath } from '../../system/user-unit.ts';
import { ok, warning, type Check } from '../check.ts';
import type { DoctorContext } from '../doctor-context.ts';

const NAME = 'logout';

/**
 * Whether the daemon, and heads that were detached, live on when their user logs out. What runs in a login session ends
 * with it where `KillUserProcesses` is on, lingering or not; what the user's own systemd runs needs lingering to stay.
 */
export function checkLogout({ logind, env }: Pick<DoctorContext, 'logind' | 'env'>): Check[] {
  if (!isBootedBySystemd(logind)) return [ok(NAME, 'no systemd here that would end processes at logout')];
  const { username } = userInfo();
  const enable = `loginctl enable-linger ${username}`;
  const stays = isLingerEnabled(username, logind);
  const isInstalled = existsSync(userUnitPath(env));
  if (isInstalled && stays)
    return [ok(NAME, "the daemon is a service of the user's systemd, and lingering is on: it stays")];
  if (isInstalled) return [warning(NAME, 'lingering is off: the daemon ends with your last session', enable)];
  if (!killsAtLogout(username, logind))
    return [ok(NAME, 'processes live on after logout; after a reboot: nf-escrow daemon install')];
  const remedy = `${stays ? '' : `${enable}, then `}nf-escrow daemon install; and heads as jobs: compute-envs update NAME --head-job.`;
  return [
    warning(
      NAME,
      'this host ends all processes of a session at logout (KillUserProcesses), the daemon and detached runs too',
      `${remedy} Secrets are removed all the same, by whatever comes first: the shim, or the next command.`,
    ),
  ];
}
