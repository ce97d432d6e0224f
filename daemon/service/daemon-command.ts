import { readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Settings } from '../config/settings.ts';
import { isSchedulerLocation } from '../schedulers/environment.ts';
import { platformRules } from '../stores/registry.ts';
import { writeFileAtomic } from '../system/files/atomic-write.ts';
import { ensurePrivateDirectory } from '../system/files/private-directory.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the daemon has to know that a bare session does not: where everything is. Schedulers and platforms add theirs. */
const PASSED = /^(NF_ESCROW_\w+|PATH|LD_LIBRARY_PATH|XDG_CONFIG_HOME|XDG_STATE_HOME|NODE_EXTRA_CA_CERTS)$/;

const platformVariables = Object.values(platformRules).flatMap(({ variables }) => variables ?? []);

function isPassed(name: string): boolean {
  return PASSED.test(name) || isSchedulerLocation(name) || platformVariables.includes(name);
}

/** Writes the program by which systemd and cron start us, with the environment of now; gives its path. */
export function writeDaemonCommand(settings: Settings, program: string, env: Environment): string {
  const path = commandPath(settings);
  const variables = Object.entries(env)
    .filter(([name, value]) => isPassed(name) && value)
    .map(([name, value]) => `export ${name}=${shellWord(value ?? '')}`);
  const template = readFileSync(fileURLToPath(import.meta.resolve('#templates/daemon-command.sh')), 'utf8');
  const text = template
    .replace('@ENVIRONMENT@', () => variables.join('\n'))
    .replace('@LOG@', () => shellWord(settings.paths.daemonLog))
    .replace('@PROGRAM@', () => [process.execPath, program].map(shellWord).join(' '));
  ensurePrivateDirectory(dirname(path));
  writeFileAtomic(path, text, 0o700);
  return path;
}

export function removeDaemonCommand(settings: Settings): void {
  rmSync(commandPath(settings), { force: true });
}

function commandPath({ paths }: Settings): string {
  return join(dirname(paths.configFile), 'daemon-command');
}

/** A word of a POSIX shell, whatever is in it. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
