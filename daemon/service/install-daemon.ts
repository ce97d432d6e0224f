import { hostname, userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '../config/settings.ts';
import { EscrowError } from '../errors.ts';
import { isLingerEnabled } from '../system/processes/logind.ts';
import { ensurePrivateDirectory } from '../system/files/private-directory.ts';
import { hasCrontab, writeCrontab } from './crontab.ts';
import { removeDaemonCommand, writeDaemonCommand } from './daemon-command.ts';
import { findDaemon } from './start-daemon.ts';
import { stopDaemon } from './stop-daemon.ts';
import { enableUnit, hasUserSystemd, removeUnit, startUnit } from './user-service.ts';
import { quoteShellWord } from '../system/processes/shell-word.ts';

/** What is to be set up. */
export interface Installation {
  readonly settings: Settings;
  /** The program itself. */
  readonly program: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** By the crontab, also where there is a systemd. */
  readonly cron: boolean;
}

const START_MS = 30_000;
const LOOK_EVERY_MS = 50;

/**
 * Has the daemon run when nobody is logged in and after a reboot: by the user's own systemd, which then runs it, or where
 * there is none by the crontab. Repeatable; what was installed the other way goes. Gives what was done and what is still
 * to be done by hand, as sentences. Throws `config-invalid` where neither can be had.
 */
export async function installDaemon(wanted: Installation): Promise<readonly string[]> {
  ensurePrivateDirectory(wanted.settings.paths.state);
  if (!wanted.cron && (await hasUserSystemd(wanted.env))) return installUnit(wanted);
  if (await hasCrontab(wanted.env)) return installCrontab(wanted);
  throw new EscrowError('config-invalid', 'Here is neither a systemd of your own nor a crontab for you.', {
    hint: 'Any nf-escrow command after a reboot starts the daemon, which finishes what is pending.',
  });
}

/** Takes out what installDaemon has set up, whichever way. Repeatable. Ends no daemon. Gives what was done. */
export async function uninstallDaemon({
  settings,
  env,
}: Pick<Installation, 'settings' | 'env'>): Promise<readonly string[]> {
  const unit = await removeUnit(env);
  const changed = await writeCrontab([], env);
  removeDaemonCommand(settings);
  return [
    ...(unit === undefined ? [] : [`The unit ${unit} is gone.`]),
    ...(changed ? ['The lines of nf-escrow in your crontab are gone.'] : []),
  ];
}

async function installUnit({ settings, program, env }: Installation): Promise<readonly string[]> {
  const unit = await enableUnit(writeDaemonCommand(settings, program, env), env);
  await writeCrontab([], env);
  // Only one is started: it would find the lock of the one that runs, and leave it at that.
  const running = await findDaemon(settings);
  if (running !== undefined) await stopDaemon(running);
  await startUnit(env);
  const deadline = performance.now() + START_MS;
  while ((await findDaemon(settings)) === undefined) {
    if (performance.now() > deadline)
      throw new EscrowError('daemon-unavailable', `The unit ${unit} started no daemon that answers.`, {
        hint: `journalctl --user -u nf-escrow, and "${settings.paths.daemonLog}", say why.`,
      });
    await sleep(LOOK_EVERY_MS);
  }
  return [`Your own systemd runs the daemon on ${hostname()}: ${unit}`, ...lingering()];
}

async function installCrontab({ settings, program, env }: Installation): Promise<readonly string[]> {
  await writeCrontab(cronLines(writeDaemonCommand(settings, program, env)), env);
  await removeUnit(env);
  return [`Your crontab on ${hostname()} starts the daemon at a reboot, and looks for it every hour.`];
}

/** Without lingering systemd ends a user's services with their last session. loginctl(1). */
function lingering(): string[] {
  const { username } = userInfo();
  if (isLingerEnabled(username)) return [];
  return [
    'Lingering is off: the daemon ends when you log out, and does not start with the machine.',
    `To have it stay: loginctl enable-linger ${username}. Where you may not: nf-escrow daemon install --cron`,
  ];
}

/** crontab(5): an unescaped `%` is a newline. Not everybody's starts at the same minute. */
function cronLines(command: string): string[] {
  const start = `/bin/sh ${quoteShellWord(command)} daemon start --stay >/dev/null 2>&1`.replaceAll(
    '%',
    String.raw`\%`,
  );
  const minute = String((userInfo().uid * 7) % 60);
  return [`@reboot ${start}`, `${minute} * * * * ${start}`];
}
