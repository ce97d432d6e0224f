import { hasCronLines } from '../../service/crontab.ts';
import { isCronRunning } from '../../system/processes/cron-daemon.ts';
import { failure, ok, warning, type Check } from '../check.ts';
import type { DoctorContext } from '../doctor-context.ts';

const NAME = 'crontab';

/** Checks that a cron daemon runs the lines that `daemon install` wrote. Returns nothing if there are none. */
export async function checkCron({
  env,
  isCronRunning: look = isCronRunning,
}: DoctorContext): Promise<Check[]> {
  if (!(await hasCronLines(env))) return [];
  const isRunning = look();
  if (isRunning === true) return [ok(NAME, 'a cron daemon runs the lines of nf-escrow in your crontab')];
  if (isRunning === undefined)
    return [
      warning(
        NAME,
        'your crontab starts the daemon, but nf-escrow cannot detect on this host whether a cron daemon runs',
        'Ask the administrator of this machine whether cron runs here. `crontab -l` shows the lines of nf-escrow.',
      ),
    ];
  return [
    failure(
      NAME,
      'your crontab starts the daemon, but no cron daemon runs on this host',
      'Ask the administrator of this machine to start cron, or run `nf-escrow daemon install` on a host where cron or systemd runs.',
    ),
  ];
}
