import { existsSync, readFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname } from 'node:path';
import { packageFile } from '../package-files.ts';
import { EscrowError, systemCode } from '../errors.ts';
import { writeFileAtomic } from '../system/files/atomic-write.ts';
import { openTrusted } from '../system/files/trust/trusted-path.ts';
import { runWithTimeout } from '../system/processes/run-with-timeout.ts';
import { userUnitPath } from '../system/user-unit.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const LIMIT_MS = 20_000;
const UNIT = 'nf-escrow.service';
/** systemd runs the units in this directory as the user. */
const UNITS = { what: 'directory of units', variable: 'XDG_CONFIG_HOME', example: '.config' };

/** Returns whether a systemd of the user runs on this host and answers. */
export function hasUserSystemd(env: Environment): Promise<boolean> {
  return works(['show-environment'], env);
}

/** Writes and enables the unit that runs a command, and returns its path. Throws `config-invalid`. */
export async function enableUnit(command: string, env: Environment): Promise<string> {
  const path = userUnitPath(env);
  const template = readFileSync(packageFile('templates/nf-escrow.service'), 'utf8');
  const text = template.replace('@HOST@', () => hostname()).replace('@COMMAND@', () => unitWord(command));
  const directory = openTrusted({ path: dirname(path), purpose: UNITS, need: 'unwritable', create: true });
  try {
    directory?.use(basename(path), (entry) => writeFileAtomic(entry, text, 0o600));
  } finally {
    directory?.close();
  }
  await systemctl(['daemon-reload'], env);
  await systemctl(['enable', UNIT], env);
  return path;
}

/** Starts or restarts the unit. Throws `config-invalid`. */
export async function startUnit(env: Environment): Promise<void> {
  await systemctl(['restart', UNIT], env);
}

/** Removes the unit without stopping the daemon. Returns the path of a removed unit. Idempotent. */
export async function removeUnit(env: Environment): Promise<string | undefined> {
  const path = userUnitPath(env);
  if (!existsSync(path)) return undefined;
  // If no systemd answers, the link that `enable` created remains and points to no file.
  await works(['disable', UNIT], env);
  rmSync(path, { force: true });
  await works(['daemon-reload'], env);
  return path;
}

/** Quotes a word of a unit file, where `%` and `$` are special: systemd.service(5), "Command lines". */
function unitWord(text: string): string {
  return `"${text
    .replace(/["\\]/g, String.raw`\$&`)
    .replaceAll('%', '%%')
    .replaceAll('$', '$$$$')}"`;
}

async function systemctl(args: readonly string[], env: Environment): Promise<void> {
  const { status, stdout, stderr } = await runWithTimeout('systemctl', ['--user', ...args], {
    env,
    limitMs: LIMIT_MS,
  });
  if (status === 0) return;
  const message = (stderr || stdout).trim().slice(0, 300) || 'no message';
  throw new EscrowError('config-invalid', `systemctl --user ${args.join(' ')} failed: ${message}`, {
    hint: `Check the unit ${userUnitPath(env)}, or use the crontab: nf-escrow daemon install --cron`,
  });
}

async function works(args: readonly string[], env: Environment): Promise<boolean> {
  try {
    return (await runWithTimeout('systemctl', ['--user', ...args], { env, limitMs: LIMIT_MS })).status === 0;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}
