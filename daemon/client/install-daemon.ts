import { readFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EscrowError, systemCode } from '../errors.ts';
import { writeDurable } from '../host/durable.ts';
import { ensurePrivateDirectory } from '../host/private-directory.ts';
import { runLimited } from '../host/run-limited.ts';
import { writeCrontab } from './crontab.ts';

/** What was set up, and what is still to be done by hand, as sentences. */
export interface Installed {
  readonly done: string;
  readonly todo: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

const LIMIT_MS = 20_000;
const UNIT = 'nf-escrow.service';
/** What the daemon needs to know that a bare session does not: where everything is, and where the scheduler is. */
const PASSED =
  /^(NF_ESCROW_\w+|PATH|SLURM_CONF|SGE_ROOT|SGE_CELL|SGE_QMASTER_PORT|SGE_EXECD_PORT|PBS_CONF_FILE|LSF_ENVDIR|LSF_SERVERDIR|XDG_CONFIG_HOME|XDG_STATE_HOME)$/;

/**
 * Has the daemon run after a reboot, and when nobody is logged in: by a systemd user unit or, where there is no user
 * session of systemd, by lines in the crontab. Repeatable. Throws `config-invalid` where neither can be had.
 */
export async function installDaemon(program: string, env: Environment): Promise<Installed> {
  const variables = Object.entries(env).filter(
    (entry): entry is [string, string] => PASSED.test(entry[0]) && Boolean(entry[1]),
  );
  if (await works('systemctl', ['--user', 'show-environment'], env))
    return installUnit(program, variables, env);
  const lines = cronLines(program, variables);
  if (await writeCrontab(lines, env))
    return { done: 'The crontab starts the daemon at each reboot, and looks for it every hour.', todo: [] };
  throw new EscrowError('config-invalid', 'There is neither a user session of systemd here nor a crontab.', {
    hint: 'Any nf-escrow command after a reboot starts the daemon, which finishes what is pending.',
  });
}

async function installUnit(
  program: string,
  variables: [string, string][],
  env: Environment,
): Promise<Installed> {
  const directory = join(
    env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config'),
    'systemd',
    'user',
  );
  ensurePrivateDirectory(join(directory, '..'));
  ensurePrivateDirectory(directory);
  const template = readFileSync(fileURLToPath(import.meta.resolve('#templates/nf-escrow.service')), 'utf8');
  const text = template
    .replace('@COMMAND@', () => [process.execPath, program].map(quote).join(' '))
    .replace('@ENVIRONMENT@', () =>
      variables.map(([name, value]) => `Environment=${quote(`${name}=${value}`)}`).join('\n'),
    );
  writeDurable(join(directory, UNIT), text, 0o600);
  for (const args of [['daemon-reload'], ['enable', '--now', UNIT]])
    if (!(await works('systemctl', ['--user', ...args], env)))
      throw new EscrowError('config-invalid', `\`systemctl --user ${args.join(' ')}\` failed.`, {
        hint: `The unit is ${join(directory, UNIT)}: look at it, then try that command by hand.`,
      });
  return { done: `The systemd unit ${join(directory, UNIT)} runs the daemon.`, todo: await lingering(env) };
}

/** Without lingering systemd ends a user's services with their last session. loginctl(1). */
async function lingering(env: Environment): Promise<string[]> {
  const { username } = userInfo();
  const { output } = await runLimited('loginctl', ['show-user', username, '--property=Linger'], {
    env,
    limitMs: LIMIT_MS,
  }).catch(() => ({ output: '' }));
  if (output.trim() === 'Linger=yes') return [];
  return [`Lingering is off: it ends when you log out. To have it stay: loginctl enable-linger ${username}`];
}

/** Words of a unit file: systemd.syntax(7). `%` and `$` have a meaning there. */
function quote(word: string): string {
  return `"${word
    .replace(/["\\]/g, String.raw`\$&`)
    .replaceAll('%', '%%')
    .replaceAll('$', '$$$$')}"`;
}

function cronLines(program: string, variables: readonly [string, string][]): string[] {
  const shell = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
  const start = [
    ...variables.map(([name, value]) => `${name}=${shell(value)}`),
    ...[process.execPath, program].map(shell),
    'daemon start',
  ]
    .join(' ')
    .replaceAll('%', String.raw`\%`); // crontab(5): an unescaped one is a newline
  return [`@reboot ${start} >/dev/null 2>&1`, `17 * * * * ${start} >/dev/null 2>&1`];
}

async function works(command: string, args: readonly string[], env: Environment): Promise<boolean> {
  try {
    return (await runLimited(command, args, { env, limitMs: LIMIT_MS })).status === 0;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}
