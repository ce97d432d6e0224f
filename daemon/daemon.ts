// Composes the daemon from its modules. main.ts calls it, and so do tests, which inject faults.
import { join } from 'node:path';
import { pino, type Logger } from 'pino';
import { machineUser } from './access/principal.ts';
import { keepListening } from './api/listen.ts';
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

/** How the daemon serves, where that is not as usual. */
export interface DaemonOptions extends StoreOptions {
  /** Another host's lease is taken over. */
  readonly takeOver?: boolean;
  /** It does not end when nobody needs it. */
  readonly stay?: boolean;
  /** Tests retry sooner (milliseconds). */
  readonly retryMs?: number;
  readonly jobsClock?: () => number;
}

/** Serves until it is asked to stop or is idle for too long. The caller holds the lock that allows one daemon per user and host. */
export async function serve(
  settings: Settings,
  faults: FaultInjector,
  version: string,
  { takeOver = false, stay = false, waits, retryMs, jobsClock }: DaemonOptions = {},
): Promise<void> {
  const { paths } = settings;
  // pino leaves DEL, C1 and bidirectional controls as they are, for whoever looks at the log with cat.
  const log = pino({ base: { pid: process.pid }, hooks: { streamWrite: escapeJson } }, openLog());
  ensurePrivateDirectory(paths.socketDirectory, SOCKET); // before anything is done: most of what stops a start shows here
  assertNoOtherHost(paths.hostLease, settings.hostLeaseSeconds, takeOver);
  const ledger = await openLedger(paths.ledger, (pending) => {
    if (pending === undefined) log.info('removed secrets are erased from all files of the ledger');
    else log.warn({ reason: pending }, 'removed secrets may still be in a file of the ledger; retrying');
  });
  let stop = (): void => undefined;
  const stopped = new Promise<void>((resolve) => (stop = resolve));
  const onLost = (): void => {
    log.warn('another daemon has taken over');
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
    const app = createServer({
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
    });
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
    log.info({ socket: paths.socket }, 'daemon serves');
    void runs.recover(); // takes as long as AWS or a scheduler does; what fails is tried again
    await stopped;
    clearInterval(idle);
    stopSpool();
    await Promise.all([server.close(), second?.close()]);
  } finally {
    // Also when it cannot start: its timers would keep a daemon alive that holds the lock and serves nobody.
    await runs.stop();
    runDirectories.close();
    giveBack();
    await ledger.close();
  }
  log.info('daemon ends');
}

/** Some network file systems take no sockets: then the one in `$XDG_RUNTIME_DIR` has to do. */
async function listenInState(
  app: Parameters<typeof keepListening>[0],
  path: string | undefined,
  log: Logger,
): Promise<Awaited<ReturnType<typeof keepListening>> | undefined> {
  if (path === undefined) return undefined;
  try {
    return await keepListening(app, path);
  } catch (error) {
    log.warn({ socket: path, code: systemCode(error) }, 'no socket in the state directory');
    return undefined;
  }
}

/** A log that cannot be written any more (a full disk) must not end who has secrets to remove. */
function openLog(): ReturnType<typeof pino.destination> {
  return pino.destination({ dest: 1, sync: true }).on('error', () => undefined);
}

/** A vault that waits for its passphrase must not keep the daemon from watching and purging. */
async function completeRekey(finish: () => Promise<number>, log: Logger): Promise<void> {
  try {
    const moved = await finish();
    if (moved > 0) log.info({ moved }, 'completed the new key of the vault');
  } catch (error) {
    log.warn({ code: asEscrowError(error).code }, 'the new key of the vault is not complete yet');
  }
}
