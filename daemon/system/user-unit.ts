import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the user's own systemd looks for the unit that runs our daemon: systemd.unit(5), "User Unit Search Path". */
export function userUnitPath(env: Environment): string {
  const named = env['XDG_CONFIG_HOME'];
  const config = named !== undefined && isAbsolute(named) ? named : join(env['HOME'] || homedir(), '.config');
  return join(config, 'systemd', 'user', 'nf-escrow.service');
}
