#!/usr/bin/env node
// The composition root of commands. Modules are imported on demand, so that a command loads no more than it uses.
import { readFileSync, realpathSync, writeSync } from 'node:fs';
import type { Context, Serving } from './cli/context.ts';
import { withHelpAsOption } from './cli/help-as-option.ts';
import { print, reportCrash, reportError, warn } from './cli/io/output.ts';
import type { Client } from './api-client/client.ts';
import { readServing } from './cli/commands/daemon-run.ts';
import type { DaemonStart } from './service/start-daemon.ts';
import { loadSettings, type Settings } from './config/settings.ts';
import { asEscrowError, errorTable, systemCode } from './errors.ts';
import { packageFile } from './package-files.ts';
import { takeCaller } from './system/processes/caller.ts';
import { leaveMemoryOutOfCoreDumps } from './system/processes/core-dumps.ts';
import type { FaultInjector } from './system/steps.ts';
import type { DaemonOptions } from './daemon.ts';
import type { DeliveryTimes } from './server/compose-deliveries.ts';

/** The program that commands and child processes run: the launcher, this file, or a test's own that injects faults. */
export interface Program {
  readonly path: string;
  /** Whether `path` is bin/nf-escrow, which finds a Node. Otherwise the path is an argument of this Node. */
  readonly isLauncher?: boolean;
  /** Permits V8 to optimize, which the launcher postpones for a daemon. */
  readonly optimize?: () => void;
  readonly faults?: FaultInjector;
  readonly service?: Partial<DaemonOptions>;
  /** Times of what a server delivers, which tests shorten. */
  readonly deliveries?: DeliveryTimes;
}

/** The options that commander names. */
const VERSION: readonly string[] = ['--version', '-V'];

const path = import.meta.filename;
if (realpathSync(process.argv[1] ?? '') === path) void main({ path }, process.argv.slice(2)); // never rejects

/** Runs a command line and sets the exit status. */
export async function main(program: Program, args: readonly string[]): Promise<void> {
  process.on('SIGUSR1', () => undefined); // otherwise Node opens its inspector to every user of this machine
  takeCaller(process.env, { whole: isWrapped(args) });
  process.on('uncaughtException', (error) => {
    reportCrash(error); // Node would print it unescaped
    process.exit(asEscrowError(error).row.exit);
  });
  try {
    process.exitCode = await dispatch(program, args);
  } catch (error) {
    process.exitCode = report(error, args);
  }
}

async function dispatch(program: Program, given: readonly string[]): Promise<number> {
  const args = withHelpAsOption(given);
  const [command = '', ...rest] = args;
  if (args.length === 1 && VERSION.includes(command)) {
    print(readVersion());
    return 0;
  }
  const settings = await settingsOnDemand(args);
  if (command === 'complete') return (await import('./cli/completion/complete.ts')).complete(settings, rest);
  const context = contextOf(program, settings);
  if (isWrapped(args)) {
    const launch = await import('./cli/launch/run.ts');
    return launch[args[0]](context, rest);
  }
  // These commands hold values. `run` does not, and its core dumps would also be disabled for Nextflow.
  leaveMemoryOutOfCoreDumps();
  if (command === 'status' && rest.every((word) => word === '--json')) {
    context.assertSettings();
    const { status } = await import('./cli/commands/status.ts');
    await status(context, { json: rest.length > 0 });
  } else if (command === 'daemon' && rest[0] === 'run') {
    await context.serve(readServing(rest.slice(1)));
  } else {
    const { runProgram } = await import('./cli/program.ts');
    await runProgram(context, args);
  }
  return Number(process.exitCode ?? 0); // doctor and `runs wait` can fail without an error
}

/** Returns whether the arguments are for Nextflow and are not parsed by commander. */
function isWrapped(args: readonly string[]): args is readonly ['run' | 'nextflow', ...string[]] {
  return args[0] === 'run' || args[0] === 'nextflow';
}

/** Returns whether no person reads the messages of a command: completion, the daemon, credentials for the AWS SDK. */
function isQuiet([command = '', sub]: readonly string[]): boolean {
  return ['complete', 'aws-credentials'].includes(command) || (command === 'daemon' && sub === 'run');
}

/** Reads settings on demand, because help and doctor work with invalid settings too. */
async function settingsOnDemand(args: readonly string[]): Promise<() => Settings> {
  try {
    const settings = await loadSettings(process.env);
    if (!isQuiet(args)) for (const note of settings.paths.notes) warn(note);
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
    faults: program.faults,
    command: commandOf(program),
    daemon: once(async () => {
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
    }),
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
    serveTeam: async (server) =>
      (await import('./server/serve.ts')).serveTeam(server, {
        version: readVersion(),
        observe: program.service?.observe,
        times: program.deliveries ?? { waits: program.service?.waits, roundMs: program.service?.retryMs },
        faults: program.faults,
      }),
  };
}

/** Returns a function that calls `get` once: the requests of a command share a client, and with it a connection. */
function once<T>(get: () => Promise<T>): () => Promise<T> {
  let got: Promise<T> | undefined;
  return () => (got ??= get());
}

/** `env` names this Node to the launcher: cron, systemd and a compute node may have another PATH, or none of it. */
function commandOf({ path, isLauncher = false }: Program): readonly [string, ...string[]] {
  const { execPath } = process;
  return isLauncher ? ['/usr/bin/env', `NF_ESCROW_CALLER_NODE=${execPath}`, path] : [execPath, path];
}

async function startOf(program: Program, { paths }: Settings): Promise<DaemonStart> {
  const { enclosingJob: jobOf, submitHost } = await import('./schedulers/enclosing-job.ts');
  return {
    command: commandOf(program),
    takeStartLock: async () => (await import('./ledger/lock.ts')).takeLock(paths.daemonStartLock),
    insteadOn: jobOf(process.env) === undefined ? undefined : submitHost(process.env),
  };
}

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}

/** Runs the daemon, one per user and host. Returns at once if one is running. */
async function serve(program: Program, settings: Settings, how: Omit<Serving, 'tell'>): Promise<void> {
  const umask = process.umask(0o077);
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
    await daemon.serve(settings, faults, readVersion(), {
      command: commandOf(program),
      umask,
      optimize: program.optimize,
      ...service,
      ...how,
    });
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

/**
 * Prints an error and returns its exit status. A run does not fail with 1 before its launch, because that is a status of Nextflow:
 * what was not found is then an error of configuration.
 */
function report(error: unknown, args: readonly string[]): number {
  // commander has printed it already, and its errors carry the status.
  if (error instanceof Error && 'exitCode' in error && typeof error.exitCode === 'number')
    return error.exitCode === 0 ? 0 : 64;
  if (error instanceof Error && error.name === 'ExitPromptError') return 130; // Ctrl-C at the prompt
  const known = asEscrowError(error);
  reportError(known);
  return isWrapped(args) && known.row.exit === 1 ? errorTable['config-invalid'].exit : known.row.exit;
}
