import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fillTemplate } from '../system/files/fill-template.ts';
import { quoteShellWord, quoteShellWords } from '../system/processes/shell-word.ts';
import type { Settings } from '../config/settings.ts';
import { isSchedulerLocation } from '../schedulers/environment.ts';
import { platformRules } from '../stores/registry.ts';
import { writeFileAtomic } from '../system/files/atomic-write.ts';
import { inPrivateDirectory } from '../system/files/private-directory.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Variables that the daemon needs and that systemd and cron do not set. Schedulers and platforms add their own. */
const PASSED = /^(NF_ESCROW_\w+|PATH|LD_LIBRARY_PATH|XDG_CONFIG_HOME|XDG_STATE_HOME|NODE_EXTRA_CA_CERTS)$/;

const platformVariables = Object.values(platformRules).flatMap(({ variables }) => variables ?? []);

function isPassed(name: string): boolean {
  return PASSED.test(name) || isSchedulerLocation(name) || platformVariables.includes(name);
}

/** Writes the program that systemd and cron start, with the current environment, and returns its path. */
export function writeDaemonCommand(settings: Settings, command: readonly string[], env: Environment): string {
  const path = commandPath(settings);
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
  rmSync(commandPath(settings), { force: true });
}

function commandPath({ paths }: Settings): string {
  return join(dirname(paths.configFile), 'daemon-command');
}
