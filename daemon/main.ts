#!/usr/bin/env node
// The only composition root. Rooms are imported when a command needs them, so that each loads no more than it uses.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Context } from './cli/context.ts';
import { loadSettings, type Settings } from './config/settings.ts';
import { asEscrowError, EscrowError } from './errors.ts';

const program = fileURLToPath(import.meta.url);

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = report(error);
}

async function main(args: readonly string[]): Promise<number> {
  const context = contextOf(await loadSettings(process.env));
  if (args[0] === 'run') {
    const { run } = await import('./cli/run.ts');
    return run(context, args.slice(1));
  }
  const { buildProgram } = await import('./cli/program.ts');
  await buildProgram(context).parseAsync(args, { from: 'user' });
  return 0;
}

function contextOf(settings: Settings): Context {
  return {
    settings,
    version: readVersion(),
    daemon: async () => {
      const takeStartLock = async (): Promise<{ release(): void } | undefined> =>
        (await import('./ledger/lock.ts')).takeLock(settings.paths.daemonStartLock);
      return (await import('./client/start-daemon.ts')).lazyDaemon(settings, program, takeStartLock);
    },
    daemonIfRunning: async () => (await import('./client/start-daemon.ts')).findDaemon(settings),
    serve: () => serve(settings),
    nextflow: async () => {
      const [{ findNextflow }, { findLocalStore }, { arrange }] = await Promise.all([
        import('./nextflow/find.ts'),
        import('./nextflow/local-store.ts'),
        import('./nextflow/arguments.ts'),
      ]);
      return { findNextflow, findLocalStore, arrange };
    },
  };
}

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(fileURLToPath(import.meta.resolve('#package')), 'utf8')) as {
    version: string;
  };
  return version;
}

/** The daemon: one a user and host. Returns at once when there is one already. */
async function serve(settings: Settings): Promise<void> {
  process.umask(0o077);
  process.on('SIGUSR1', () => undefined); // else Node opens its inspector to every user of this machine
  const { paths } = settings;
  const [{ ensurePrivateDirectory }, { takeLock }] = await Promise.all([
    import('./host/private-directory.ts'),
    import('./ledger/lock.ts'),
  ]);
  ensurePrivateDirectory(paths.state);
  const lock = takeLock(paths.daemonLock); // before the rest is loaded: the loser of a race ends soon
  if (lock === undefined) return;
  const [
    { openLedger },
    { Vault },
    { NextflowStore },
    { Runs },
    { createServer },
    { pino },
    { identifySelf },
    { listenOn },
  ] = await Promise.all([
    import('./ledger/open.ts'),
    import('./vault/vault.ts'),
    import('./stores/nextflow-store.ts'),
    import('./runs/runs.ts'),
    import('./api/server.ts'),
    import('pino'),
    import('./host/process-identity.ts'),
    import('./api/listen.ts'),
  ]);
  const log = pino({ base: { pid: process.pid } }, pino.destination({ dest: 1, sync: true }));
  const ledger = await openLedger(paths.ledger);
  const vault = new Vault(ledger, paths.keyFile);
  const store = new NextflowStore(paths.runs);
  const engine = {
    ledger,
    vault,
    stores: new Map([[store.kind, store]]),
    store,
    defaultWorkspace: settings.workspace,
    clock: () => new Date(),
    log,
  };
  const runs = new Runs(engine);
  await runs.recover();
  let touchedAt = Date.now();
  let stop = (): void => undefined;
  const stopped = new Promise<void>((resolve) => (stop = resolve));
  const startedAt = new Date().toISOString();
  const version = readVersion();
  const app = createServer({
    version,
    ledger,
    vault,
    runs,
    log,
    status: () => ({
      process: identifySelf(),
      version,
      startedAt,
      stateDirectory: paths.state,
      watching: runs.watching,
      memoryBytes: process.memoryUsage.rss(),
    }),
    stop,
    touched: () => (touchedAt = Date.now()),
  });
  ensurePrivateDirectory(paths.socketDirectory);
  const server = await listenOn(app, paths.socket);
  process
    .on('SIGTERM', stop)
    .on('SIGINT', stop)
    .on('SIGHUP', () => undefined);
  const idle = setInterval(() => {
    if (runs.watching === 0 && Date.now() - touchedAt > settings.idleSeconds * 1000) stop();
  }, 1000);
  log.info({ socket: paths.socket }, 'daemon serves');
  await stopped;
  clearInterval(idle);
  await server.close();
  await runs.stop();
  await ledger.close();
  lock.release();
  log.info('daemon ends');
}

/** Says what went wrong, and gives the exit status for it. */
function report(error: unknown): number {
  // commander has said it already, and its errors carry their status.
  if (error instanceof Error && 'exitCode' in error && typeof error.exitCode === 'number')
    return error.exitCode === 0 ? 0 : 64;
  if (error instanceof Error && error.name === 'ExitPromptError') return 130; // Ctrl-C at the prompt
  const known = asEscrowError(error);
  process.stderr.write(`nf-escrow: ${known.message}\n`);
  if (known instanceof EscrowError) process.stderr.write(`           ${known.hint}\n`);
  return known.row.exit;
}
