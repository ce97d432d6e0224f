// Composes the daemon from its modules. Called by main.ts, and by tests that inject faults.
import { join } from 'node:path';
import { pino, type Logger } from 'pino';
import { machineUser } from './access/principal.ts';
import { keepListening } from './api/listen.ts';
import type { ResponseObserver } from './api/routing/mount.ts';
import { createServer } from './api/server.ts';
import { serveSpool } from './api/spool-server.ts';
import { systemClock } from './system/time/clock.ts';
import type { Settings } from './config/settings.ts';
import { platformChecks } from './doctor/platform-checks.ts';
import { asEscrowError, systemCode } from './errors.ts';
import { assertNoOtherHost, holdHostLease } from './system/host-lease/hold-host-lease.ts';
import { KeyedMutex } from './system/keyed-mutex.ts';
import { ensurePrivateDirectory } from './system/files/private-directory.ts';
import { SOCKET } from './system/files/trust/trust-error.ts';
import { identifySelf } from './system/processes/process-identity.ts';
import { escapeJson } from './system/escape-text.ts';
import type { FaultInjector } from './system/steps.ts';
import { openLedger } from './ledger/open.ts';
import { Runs } from './runs/runs.ts';
import { sweeperOf } from './runs/purge/sweeper.ts';
import { JobStatusCache } from './schedulers/job-status-cache.ts';
import { createScheduler } from './schedulers/create-scheduler.ts';
import { createStores, platformRules, removersOf, storesOf, type StoreOptions } from './stores/registry.ts';
import { vaultSource } from './sources/vault-source.ts';
import { RunDirectories } from './run-directory/run-directories.ts';
import { Keys } from './vault/keys/keys.ts';
import { finishRekey } from './vault/keys/rekey.ts';
import { Vault } from './vault/vault.ts';

/** Options of the daemon. */
export interface DaemonOptions extends StoreOptions {
  /** Takes over another host's lease. */
  readonly takeOver?: boolean;
  /** Keeps running while idle. */
  readonly stay?: boolean;
  /** Tests compare each response with the description of its operation. */
  readonly observe?: ResponseObserver;
  /** Retry interval for tests, in milliseconds. */
  readonly retryMs?: number;
  readonly jobsClock?: () => number;
}

/** Runs the daemon until it is stopped or idle for too long. The caller holds the lock of this user and host. */
export async function serve(
  settings: Settings,
  faults: FaultInjector,
  version: string,
  { takeOver = false, stay = false, observe, waits, retryMs, jobsClock }: DaemonOptions = {},
): Promise<void> {
  const { paths } = settings;
  // pino does not escape DEL, C1 and bidirectional controls, which would affect a terminal.
  const log = pino({ base: { pid: process.pid }, hooks: { streamWrite: escapeJson } }, openLog());
  ensurePrivateDirectory(paths.socketDirectory, SOCKET); // first, because most failures of a start occur here
  assertNoOtherHost(paths.hostLease, settings.hostLeaseSeconds, takeOver);
  const ledger = await openLedger(paths.ledger, (pending) => {
    if (pending === undefined) log.info('removed secrets are erased from all files of the ledger');
    else log.warn({ reason: pending }, 'removed secrets may still be in a file of the ledger; retrying');
  });
  let stop = (): void => undefined;
  const stopped = new Promise<void>((resolve) => (stop = resolve));
  const onLost = (): void => {
    log.warn('stopping: another daemon has taken over the ledger');
    stop();
  };
  const epoch = await ledger.claim(onLost);
  const giveBack = holdHostLease(paths.hostLease, epoch, settings.hostLeaseSeconds, onLost);
  const user = machineUser();
  const keys = new Keys({ keyFile: paths.keyFile, keyCommand: settings.vaultKeyCommand });
  const vault = new Vault(ledger, keys);
  const runDirectories = new RunDirectories(paths.runs, faults);
  const platforms = createStores({ owner: user.user, clock: systemClock, faults }, { waits });
  const runs = new Runs(
    {
      ledger,
      source: vaultSource(vault),
      platforms,
      platformOf: ({ platform }) => storesOf(platforms, platform),
      removers: removersOf(platforms, runDirectories),
      runDirectories,
      jobStatus: new JobStatusCache(createScheduler, jobsClock),
      submitting: new Set(),
      onLost: settings.onLost,
      defaultWorkspace: settings.workspace,
      user,
      outputDirectory: join(paths.state, 'output'),
      faults,
      removals: new KeyedMutex(),
      reading: new KeyedMutex(),
      clock: () => new Date(),
      log,
    },
    { keepDays: settings.keepRunsDays, roundMs: retryMs },
  );
  try {
    await runs.adopt();
    await completeRekey(() => finishRekey(ledger, vault), log);
    let touchedAt = performance.now(); // monotonic
    const startedAt = new Date().toISOString();
    const app = createServer(
      {
        version,
        ledger,
        vault,
        runs,
        user,
        log,
        platformRules,
        platformChecks: platformChecks(runs, sweeperOf(ledger, user.user), settings.workspace),
        status: () => ({
          process: identifySelf(),
          version,
          startedAt,
          stateDirectory: paths.state,
          watching: runs.watching,
          memoryBytes: process.memoryUsage.rss(),
          persistent: stay,
        }),
        stop,
        touched: () => (touchedAt = performance.now()),
      },
      observe,
    );
    const server = await keepListening(app, paths.socket);
    const second = await listenInState(app, paths.stateSocket, log);
    const stopSpool = serveSpool(paths);
    process
      .on('SIGTERM', stop)
      .on('SIGINT', stop)
      .on('SIGHUP', () => undefined);
    const idle = setInterval(() => {
      const isNeeded = stay || runs.watching > 0 || ledger.erasure.pending !== undefined;
      if (!isNeeded && performance.now() - touchedAt > settings.idleSeconds * 1000) stop();
    }, 1000);
    log.info({ socket: paths.socket }, 'daemon started');
    void runs.recover(); // takes as long as AWS or a scheduler takes; failures are retried
    await stopped;
    clearInterval(idle);
    stopSpool();
    await Promise.all([server.close(), second?.close()]);
  } finally {
    // Also if the start failed: timers would keep a daemon alive that holds the lock but serves no requests.
    await runs.stop();
    runDirectories.close();
    giveBack();
    await ledger.close();
  }
  log.info('daemon stopped');
}

/** Listens in the state directory. Some network file systems do not support sockets; then `$XDG_RUNTIME_DIR` suffices. */
async function listenInState(
  app: Parameters<typeof keepListening>[0],
  path: string | undefined,
  log: Logger,
): Promise<Awaited<ReturnType<typeof keepListening>> | undefined> {
  if (path === undefined) return undefined;
  try {
    return await keepListening(app, path);
  } catch (error) {
    log.warn({ socket: path, code: systemCode(error) }, 'cannot create a socket in the state directory');
    return undefined;
  }
}

/** Opens the log. A log error (such as a full disk) must not stop a daemon that has secrets to remove. */
function openLog(): ReturnType<typeof pino.destination> {
  return pino.destination({ dest: 1, sync: true }).on('error', () => undefined);
}

/** Completes an interrupted key change. A vault that waits for its passphrase must not stop watches and purges. */
async function completeRekey(finish: () => Promise<number>, log: Logger): Promise<void> {
  try {
    const moved = await finish();
    if (moved > 0) log.info({ moved }, 'completed the key change of the vault');
  } catch (error) {
    log.warn({ code: asEscrowError(error).code }, 'cannot complete the key change of the vault yet');
  }
}
