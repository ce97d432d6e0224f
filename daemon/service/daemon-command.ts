import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fillTemplate } from '../system/files/fill-template.ts';
import { quoteShellWord, quoteShellWords } from '../system/processes/shell-word.ts';
import type { Settings } from '../config/settings.ts';
import { isLaunchVariable } from '../launch/launch-environment.ts';
import { writeFileAtomic } from '../system/files/atomic-write.ts';
import { inPrivateDirectory } from '../system/files/private-directory.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Variables of the daemon itself that systemd and cron do not set. Runs that it starts need further ones. */
const PASSED = /^(NF_ESCROW_\w+|NODE_EXTRA_CA_CERTS)$/;
/** Variables that systemd and cron set for the session in which the daemon will run. */
const OF_SESSION = /^(HOME|USER|LOGNAME|SHELL|XDG_RUNTIME_DIR)$/;

function isPassed(name: string): boolean {
  return PASSED.test(name) || (isLaunchVariable(name) && !OF_SESSION.test(name));
}

/** Writes the program that systemd and cron start, with the current environment, and returns its path. */
export function writeDaemonCommand(settings: Settings, command: readonly string[], env: Environment): string {
  const path = daemonCommandPath(settings);
  const variables = Object.entries(env)
    .filter(([name, value]) => isPassed(name) && value)
    .map(([name, value]) => `export ${name}=${quoteShellWord(value ?? '')}`);
  const text = fillTemplate('daemon-command.sh', {
    ENVIRONMENT: variables.join('\n'),
    LOG: quoteShellWord(settings.paths.daemonLog),
    COMMAND: quoteShellWords(command),
  });
  inPrivateDirectory(path, (entry) => writeFileAtomic(entry, text, 0o700), { create: true });
  return path;
}

/** Removes the program that writeDaemonCommand wrote. Idempotent. */
export function removeDaemonCommand(settings: Settings): void {
  rmSync(daemonCommandPath(settings), { force: true });
}

/** Returns the path of that program. */
export function daemonCommandPath({ paths }: Settings): string {
  return join(dirname(paths.configFile), 'daemon-command');
}
