import { readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Settings } from '../config/settings.ts';
import { writeDurable } from '../system/files/atomic-write.ts';
import { inPrivateDirectory } from '../system/files/private-directory.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the daemon has to know that a bare session does not: where everything is, where the scheduler is, whose AWS. */
const PASSED =
  /^(NF_ESCROW_\w+|PATH|LD_LIBRARY_PATH|SLURM_CONF|SGE_ROOT|SGE_CELL|SGE_CLUSTER_NAME|SGE_QMASTER_PORT|SGE_EXECD_PORT|PBS_CONF_FILE|PBS_SERVER|LSF_ENVDIR|LSF_SERVERDIR|LSF_LIBDIR|LSF_BINDIR|XDG_CONFIG_HOME|XDG_STATE_HOME|NODE_EXTRA_CA_CERTS|AWS_CONFIG_FILE|AWS_SHARED_CREDENTIALS_FILE|AWS_PROFILE|AWS_CA_BUNDLE)$/;

/** Writes the program by which systemd and cron start us, with the environment of now; gives its path. */
export function writeDaemonCommand(settings: Settings, program: string, env: Environment): string {
  const path = commandPath(settings);
  const variables = Object.entries(env)
    .filter(([name, value]) => PASSED.test(name) && value)
    .map(([name, value]) => `export ${name}=${shellWord(value ?? '')}`);
  const template = readFileSync(fileURLToPath(import.meta.resolve('#templates/daemon-command.sh')), 'utf8');
  const text = template
    .replace('@ENVIRONMENT@', () => variables.join('\n'))
    .replace('@LOG@', () => shellWord(settings.paths.daemonLog))
    .replace('@PROGRAM@', () => [process.execPath, program].map(shellWord).join(' '));
  inPrivateDirectory(path, (entry) => writeDurable(entry, text, 0o700), { create: true });
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
