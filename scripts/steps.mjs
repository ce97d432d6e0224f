// Functions that all scripts share.
import { spawnSync } from 'node:child_process';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The directory of the checkout. */
export const root = resolve(fileURLToPath(import.meta.url), '../..');

/** Where scripts/page.mjs builds the page of a daemon and that of a team server. */
export const pageDirectories = ['dist/page', 'dist/team-page'];

/** The user's Node. npm puts node_modules/.bin first on PATH, where `node` is the Node 24 that some tests use. */
export const node = process.env.npm_node_execpath ?? process.execPath;

/** Returns the directory for what scripts download and install. */
export function cacheDirectory() {
  return join(process.env.XDG_CACHE_HOME || join(process.env.HOME || homedir(), '.cache'), 'nf-escrow');
}

/** Prints a progress line. */
export function say(text) {
  process.stderr.write(`--- ${text}\n`);
}

/** Runs a program and shows its output. Throws when it fails. */
export function run(command, args, options = {}) {
  const { status, signal, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    ...options,
  });
  if (error) throw error;
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ')} failed with ${signal ?? `status ${status}`}`);
}

/** Returns the first program with this name on PATH, or undefined. Asks a shell, because scripts run before the build. */
export function which(name, path = process.env.PATH ?? '') {
  const args = ['-c', 'command -v -- "$1"', 'sh', name];
  const { status, stdout } = spawnSync('/bin/sh', args, { env: { PATH: path }, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** Runs the main function of a script and exits with its status. An error is one line instead of a stack trace. */
export function runDriver(main) {
  main().then(
    (status) => (process.exitCode = status ?? 0),
    (error) => {
      process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
      process.exitCode = 1;
    },
  );
}
