import { isAbsolute, join } from 'node:path';
import { homeDirectory } from './processes/own-account.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Returns the path of the daemon's unit for the user's systemd: systemd.unit(5), "User Unit Search Path". */
export function userUnitPath(env: Environment): string {
  const named = env['XDG_CONFIG_HOME'];
  const config = named !== undefined && isAbsolute(named) ? named : join(homeDirectory(env), '.config');
  return join(config, 'systemd', 'user', 'nf-escrow.service');
}
