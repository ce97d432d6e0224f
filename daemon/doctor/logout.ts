import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { ok, warning, type Check } from './check.ts';

const NAME = 'logout';

/** Where systemd keeps what decides; a test has its own. */
export interface LogindPlaces {
  /** There while systemd runs the machine: sd_booted(3). */
  readonly booted: string;
  /** Has a file for each user whose services stay. */
  readonly linger: string;
  /** logind.conf and its drop-ins, those that win last. */
  readonly configuration: readonly string[];
}

const PLACES: LogindPlaces = {
  booted: '/run/systemd/system',
  linger: '/var/lib/systemd/linger',
  configuration: ['/etc/systemd/logind.conf', '/usr/lib/systemd/logind.conf.d', '/etc/systemd/logind.conf.d'],
};

/** Whether the daemon, and a head that was detached, live on when their user logs out. */
export function checkLogout({ booted, linger, configuration }: LogindPlaces = PLACES): Check[] {
  if (!existsSync(booted)) return [ok(NAME, 'no systemd here that would end processes at logout')];
  const { username } = userInfo();
  if (existsSync(join(linger, username)))
    return [ok(NAME, 'lingering is on: the daemon stays when you log out')];
  if (killsUserProcesses(configuration))
    return [
      warning(
        NAME,
        'this host ends all processes of a user at logout (KillUserProcesses), the daemon and detached runs too',
        `loginctl enable-linger ${username}, then nf-escrow daemon install; or --head-job. Secrets are removed all the same.`,
      ),
    ];
  return [
    ok(NAME, 'processes live on after logout; to have the daemon after a reboot: nf-escrow daemon install'),
  ];
}

/** logind.conf(5): `no` where nothing is said. */
function killsUserProcesses(configuration: readonly string[]): boolean {
  const texts = configuration.flatMap((path) => {
    try {
      const files = path.endsWith('.d')
        ? readdirSync(path)
            .sort()
            .map((name) => join(path, name))
        : [path];
      return files.map((file) => readFileSync(file, 'utf8'));
    } catch {
      return []; // not there, or not for us to read
    }
  });
  const said = texts.flatMap((text) =>
    [...text.matchAll(/^\s*KillUserProcesses\s*=\s*(\w+)/gm)].map(([, word]) => word),
  );
  return /^(yes|true|on|1)$/i.test(said.at(-1) ?? 'no');
}
