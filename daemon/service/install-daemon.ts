import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '../config/settings.ts';
import { EscrowError } from '../errors.ts';
import { isLingerEnabled } from '../system/processes/logind.ts';
import { ownAccount } from '../system/processes/own-account.ts';
import { ensurePrivateDirectory } from '../system/files/private-directory.ts';
import { hasCrontab, writeCrontab } from './crontab.ts';
import { removeDaemonCommand, writeDaemonCommand } from './daemon-command.ts';
import { findDaemon } from './start-daemon.ts';
import { stopDaemon } from './stop-daemon.ts';
import { enableUnit, hasUserSystemd, removeUnit, startUnit } from './user-service.ts';
import { quoteShellWord } from '../system/processes/shell-word.ts';

/** The installation to set up. */
export interface Installation {
  readonly settings: Settings;
  /** The words that start nf-escrow from anywhere. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Use the crontab even when the user has a systemd. */
  readonly cron: boolean;
}

const START_MS = 30_000;
const LOOK_EVERY_MS = 50;

/**
 * Sets up the daemon to run without a login session and after a reboot: as a unit of the user's systemd, or with the
 * crontab when there is no systemd. Idempotent; removes an installation of the other kind. Returns sentences that report
 * what was done and what the user still has to do. Throws `config-invalid` when neither is available.
 */
export async function installDaemon(wanted: Installation): Promise<readonly string[]> {
  ensurePrivateDirectory(wanted.settings.paths.state);
  if (!wanted.cron && (await hasUserSystemd(wanted.env))) return installUnit(wanted);
  if (await hasCrontab(wanted.env)) return installCrontab(wanted);
  throw new EscrowError(
    'config-invalid',
    'Cannot install the daemon: neither a systemd user manager nor a crontab is available to you on this host.',
    {
      hint: 'After a reboot, run any nf-escrow command: it starts the daemon, which completes pending removals.',
    },
  );
}

/** Removes either kind of installation. Idempotent. Does not stop the daemon. Returns sentences that report what was done. */
export async function uninstallDaemon({
  settings,
  env,
}: Pick<Installation, 'settings' | 'env'>): Promise<readonly string[]> {
  const unit = await removeUnit(env);
  const changed = await writeCrontab([], env);
  removeDaemonCommand(settings);
  return [
    ...(unit === undefined ? [] : [`Removed the unit ${unit}.`]),
    ...(changed ? ['Removed the lines of nf-escrow from your crontab.'] : []),
  ];
}

async function installUnit({ settings, command, env }: Installation): Promise<readonly string[]> {
  const unit = await enableUnit(writeDaemonCommand(settings, command, env), env);
  await writeCrontab([], env);
  // A second daemon would exit, because the running one holds the lock.
  const running = await findDaemon(settings);
  if (running !== undefined) await stopDaemon(running);
  await startUnit(env);
  const deadline = performance.now() + START_MS;
  while ((await findDaemon(settings)) === undefined) {
    if (performance.now() > deadline)
      throw new EscrowError(
        'daemon-unavailable',
        `The unit ${unit} was started, but its daemon does not answer.`,
        {
          hint: `See "journalctl --user -u nf-escrow" and "${settings.paths.daemonLog}".`,
        },
      );
    await sleep(LOOK_EVERY_MS);
  }
  return [`Your systemd user manager runs the daemon on ${hostname()}: ${unit}`, ...lingering()];
}

async function installCrontab({ settings, command, env }: Installation): Promise<readonly string[]> {
  await writeCrontab(cronLines(writeDaemonCommand(settings, command, env)), env);
  await removeUnit(env);
  return [`Your crontab on ${hostname()} starts the daemon after a reboot and checks it every hour.`];
}

/** Without lingering, systemd stops a user's services with their last session: loginctl(1). */
function lingering(): string[] {
  const { username } = ownAccount();
  if (isLingerEnabled(username)) return [];
  return [
    'Lingering is off: the daemon stops when you log out and does not start at boot.',
    `To enable it: loginctl enable-linger ${username}. If that is not permitted: nf-escrow daemon install --cron`,
  ];
}

/** crontab(5): an unescaped `%` is a newline. The minute depends on the user, which spreads the load. */
function cronLines(command: string): string[] {
  const start = `/bin/sh ${quoteShellWord(command)} daemon start --stay >/dev/null 2>&1`.replaceAll(
    '%',
    String.raw`\%`,
  );
  const minute = String((ownAccount().uid * 7) % 60);
  return [`@reboot ${start}`, `${minute} * * * * ${start}`];
}
