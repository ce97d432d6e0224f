#!/usr/bin/env node
// The composition root of commands. Modules are imported on demand, so that a command loads no more than it uses.
import { readFileSync, realpathSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Context, Serving } from './cli/context.ts';
import { reportCrash, reportError } from './cli/io/output.ts';
import type { Client } from './api-client/client.ts';
import type { DaemonStart } from './service/start-daemon.ts';
import { loadSettings, type Settings } from './config/settings.ts';
import { asEscrowError, systemCode } from './errors.ts';
import { leaveMemoryOutOfCoreDumps } from './system/processes/core-dumps.ts';
import type { FaultInjector } from './system/steps.ts';
import type { DaemonOptions } from './daemon.ts';

/** The program that commands and child processes run: this file, or a test's own that injects faults. */
export interface Program {
  readonly path: string;
  readonly faults?: FaultInjector;
  readonly service?: DaemonOptions;
}

const path = fileURLToPath(import.meta.url);
if (realpathSync(process.argv[1] ?? '') === path) await main({ path }, process.argv.slice(2));

/** Runs a command line and sets the exit status. */
export async function main(program: Program, args: readonly string[]): Promise<void> {
  process.on('SIGUSR1', () => undefined); // otherwise Node opens its inspector to every user of this machine
  process.on('uncaughtException', (error) => {
    reportCrash(error); // Node would print it unescaped
    process.exit(asEscrowError(error).row.exit);
  });
  try {
    process.exitCode = await dispatch(program, args);
  } catch (error) {
    process.exitCode = report(error);
  }
}

async function dispatch(program: Program, args: readonly string[]): Promise<number> {
  const context = contextOf(program, await settingsOnDemand());
  const [command, ...rest] = args;
  if (command === 'run' || command === 'nextflow') {
    const launch = await import('./cli/launch/run.ts');
    return launch[command](context, rest);
  }
  // These commands hold values. `run` does not, and its core dumps would also be disabled for Nextflow.
  leaveMemoryOutOfCoreDumps();
  const { buildProgram } = await import('./cli/program.ts');
  await buildProgram(context).parseAsync(args, { from: 'user' });
  return Number(process.exitCode ?? 0); // doctor and `runs wait` can fail without an error
}

/** Reads settings on demand, because help and doctor work with invalid settings too. */
async function settingsOnDemand(): Promise<() => Settings> {
  try {
    const settings = await loadSettings(process.env);
    return () => settings;
  } catch (error) {
    return () => {
      throw asEscrowError(error);
    };
  }
}

function contextOf(program: Program, settings: () => Settings): Context {
  return {
    get settings() {
      return settings();
    },
    assertSettings: () => {
      settings();
    },
    version: readVersion(),
    program: program.path,
    daemon: async () => {
      const [{ lazyDaemonClient: lazyDaemon }, { unlocking }] = await Promise.all([
        import('./api-client/find-daemon.ts'),
        import('./cli/io/passphrase.ts'),
      ]);
      const otherwise = async (): Promise<Client> =>
        (await import('./service/start-daemon.ts')).connectOrStart(
          settings(),
          await startOf(program, settings()),
        );
      return unlocking(lazyDaemon(settings().paths, otherwise));
    },
    daemonIfRunning: async () => (await import('./service/start-daemon.ts')).findDaemon(settings()),
    takeOver: async () =>
      (await import('./service/start-daemon.ts')).takeOver(settings(), await startOf(program, settings())),
    startPersistent: async () =>
      (await import('./service/start-daemon.ts')).startPersistent(
        settings(),
        await startOf(program, settings()),
      ),
    serve: async ({ tell, ...how }) =>
      serve(program, settings(), how).catch((error: unknown) => throwTold(error, tell)),
  };
}

async function startOf(program: Program, { paths }: Settings): Promise<DaemonStart> {
  const { enclosingJob: jobOf, submitHost } = await import('./schedulers/enclosing-job.ts');
  return {
    program: program.path,
    takeStartLock: async () => (await import('./ledger/lock.ts')).takeLock(paths.daemonStartLock),
    insteadOn: jobOf(process.env) === undefined ? undefined : submitHost(process.env),
  };
}

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(fileURLToPath(import.meta.resolve('#package')), 'utf8')) as {
    version: string;
  };
  return version;
}

/** Runs the daemon, one per user and host. Returns at once if one is running. */
async function serve(program: Program, settings: Settings, how: Omit<Serving, 'tell'>): Promise<void> {
  process.umask(0o077);
  const { paths } = settings;
  const [{ ensurePrivateDirectory }, { takeLock }] = await Promise.all([
    import('./system/files/private-directory.ts'),
    import('./ledger/lock.ts'),
  ]);
  ensurePrivateDirectory(paths.state);
  const lock = takeLock(paths.daemonLock); // before other modules are loaded, so that the loser of a race exits soon
  if (lock === undefined) return;
  const [daemon, { noFaults }] = await Promise.all([import('./daemon.ts'), import('./system/steps.ts')]);
  try {
    const { faults = noFaults, service } = program;
    await daemon.serve(settings, faults, readVersion(), { ...service, ...how });
  } finally {
    lock.release();
  }
}

/** Reports the reason of an exit to the process that started the daemon. A closed pipe means that nobody waits. */
function throwTold(error: unknown, tell: number | undefined): never {
  const { code, message, hint } = asEscrowError(error);
  try {
    if (tell !== undefined) writeSync(tell, JSON.stringify({ code, detail: message, hint }));
  } catch (unheard) {
    if (systemCode(unheard) !== 'EPIPE') throw unheard;
  }
  throw error;
}

/** Prints an error and returns its exit status. */
function report(error: unknown): number {
  // commander has printed it already, and its errors carry the status.
  if (error instanceof Error && 'exitCode' in error && typeof error.exitCode === 'number')
    return error.exitCode === 0 ? 0 : 64;
  if (error instanceof Error && error.name === 'ExitPromptError') return 130; // Ctrl-C at the prompt
  const known = asEscrowError(error);
  reportError(known);
  return known.row.exit;
}
