// Composes the daemon from its modules. Called by main.ts, and by tests that inject faults.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { machineUser } from './access/principal.ts';
import { EventHub } from './api/events/event-hub.ts';
import { Sessions } from './access/sessions.ts';
import { createGuardedListeners } from './api/listeners/create-guarded-listeners.ts';
import type { PageSocket } from './api/listeners/page-socket.ts';
import { keepListening } from './api/listeners/unix-listener.ts';
import { IdempotentRequests } from './api/routing/idempotent-requests.ts';
import type { ResponseObserver } from './api/routing/mount.ts';
import { MetricsRecorder } from './api/metrics/recorder.ts';
import type { Served } from './api/served.ts';
import { RedirectFile } from './api/page/redirect-file.ts';
import { createServer } from './api/server.ts';
import { serveSpool } from './api/spool-server.ts';
import { systemClock } from './system/time/clock.ts';
import type { Settings } from './config/settings.ts';
import { EnvironmentExaminer } from './doctor/examine-environment.ts';
import { platformChecks } from './doctor/platform-checks.ts';
import { asEscrowError, systemCode } from './errors.ts';
import { assertNoOtherHost, holdHostLease } from './system/host-lease/hold-host-lease.ts';
import { KeyedMutex } from './system/keyed-mutex.ts';
import { launchContextOf } from './launch/launch-context.ts';
import { Launches } from './launch/launches.ts';
import { ensurePrivateDirectory } from './system/files/private-directory.ts';
import { SOCKET } from './system/files/trust/trust-error.ts';
import { identifySelf } from './system/processes/process-identity.ts';
import { SustainedLoad } from './system/processes/sustained-load.ts';
import { openJsonLog } from './system/json-log.ts';
import type { FaultInjector } from './system/steps.ts';
import { readAudit } from './ledger/audit.ts';
import { openLedger } from './ledger/sqlite/open.ts';
import { RunRedactors } from './runs/records/run-redactors.ts';
import { Runs } from './runs/runs.ts';
import { sweeperOf } from './runs/purge/sweeper.ts';
import { JobStatusCache } from './schedulers/job-status-cache.ts';
import { createScheduler } from './schedulers/create-scheduler.ts';
import {
  createStores,
  onThisHost,
  platformRules,
  removersOf,
  storesOf,
  type StoreOptions,
} from './stores/registry.ts';
import { readStoredServers } from './api-client/https/stored-servers.ts';
import { HeldDeliveries } from './sources/held-deliveries.ts';
import { ServerSource } from './sources/server-source.ts';
import { vaultSource } from './sources/vault-source.ts';
import { RunDirectories } from './run-directory/run-directories.ts';
import { Keys } from './vault/keys/keys.ts';
import { finishRekey } from './vault/keys/rekey.ts';
import { readRequestKey } from './vault/keys/request-key.ts';
import { readWebhooks } from './config/webhook-setting.ts';
import { ReleaseReports } from './releases/release-reports.ts';
import { Webhooks } from './webhooks/webhooks.ts';
import { Vault } from './vault/vault.ts';

/** Options of the daemon. */
export interface DaemonOptions extends StoreOptions {
  /** The command line that starts nf-escrow from any directory. */
  readonly command: readonly [string, ...string[]];
  /** The umask with which the daemon was started. */
  readonly umask: number;
  /** Called once, when the daemon is under sustained load. */
  readonly optimize?: (() => void) | undefined;
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
  options: DaemonOptions,
): Promise<void> {
  const { command, umask, takeOver = false, stay = false, observe, waits, retryMs, jobsClock } = options;
  const { paths } = settings;
  const redactors = new RunRedactors();
  const log = openJsonLog((line) => redactors.redact(line)); // an error may quote the output of a run
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
      servers: new ServerSource({ ledger, servers: () => readStoredServers(paths.serversFile), faults }),
      platforms,
      platformOf: ({ platform }) => storesOf(platforms, platform),
      onThisHost,
      removers: removersOf(platforms, [
        runDirectories,
        new HeldDeliveries({ ledger, clock: systemClock, faults, lateMs: waits?.late }),
      ]),
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
      redactors,
      clock: () => new Date(),
      log,
    },
    { keepDays: settings.keepRunsDays, roundMs: retryMs },
  );
  const events = new EventHub(ledger.feed, ledger.changes, () => void runs.observe());
  events.start();
  try {
    await runs.adopt();
    await completeRekey(() => finishRekey(ledger, vault), log);
    let touchedAt = performance.now(); // monotonic
    const startedAt = new Date().toISOString();
    const checks = platformChecks(runs, sweeperOf(ledger, user.user), settings.workspace);
    const recorder = new MetricsRecorder(ledger, version, () => events.listeners);
    recorder.start();
    const webhooks = new Webhooks({ ledger, hooks: await readWebhooks(settings.webhooks), log });
    const reports = new ReleaseReports({ ledger, epoch, log, faults });
    const launches = new Launches({
      ...{ ledger, runs, umask },
      context: launchContextOf(settings, command),
      environment: { ...process.env },
    });
    const redirect = new RedirectFile(paths.redirectFile);
    redirect.remove(); // of an earlier daemon, whose codes are no longer valid
    const sessions = new Sessions(paths.sessionsFile, systemClock);
    const { tcp, pageSocket } = createGuardedListeners(settings, sessions, log, (guard) =>
      createServer(served, { guard, observe }),
    );
    const served: Served = {
      version,
      ledger,
      vault,
      runs,
      events,
      launches,
      identify: () => user, // only the user of the daemon can reach the socket and has the token
      requests: new IdempotentRequests(ledger, () => requestKey(paths.requestKeyFile, log)),
      log,
      redact: (text) => redactors.redact(text),
      platformRules,
      platformChecks: checks,
      examiner: new EnvironmentExaminer(checks, version),
      readiness: async () => {
        await readAudit(ledger.db, { limit: 1 });
        return { status: 'ready' };
      },
      tcp,
      pageSocket,
      redirect,
      sessions,
      recorder,
      faults,
      status: () => ({
        process: identifySelf(),
        version,
        startedAt,
        stateDirectory: paths.state,
        watching: runs.watching,
        memoryBytes: process.memoryUsage.rss(),
        persistent: stay,
        ...(tcp.status === undefined ? {} : { listener: tcp.status }),
      }),
      stop,
      touched: () => (touchedAt = performance.now()),
    };
    const app = createServer(served, { observe });
    const server = await keepListening(app, paths.socket);
    const second = await listenInState(app, paths.stateSocket, log);
    const stopSpool = serveSpool(paths);
    await tcp.start();
    if (sessions.places.socket) await reopen(pageSocket, log);
    await webhooks.start(); // last, because a failed start must leave no timer
    reports.start();
    process
      .on('SIGTERM', stop)
      .on('SIGINT', stop)
      .on('SIGHUP', () => undefined);
    const idle = setInterval(() => {
      // A client over TCP cannot start a daemon, unlike a command.
      const isNeeded =
        stay ||
        runs.watching > 0 ||
        events.listeners > 0 ||
        launches.active > 0 ||
        ledger.erasure.pending !== undefined ||
        webhooks.isBusy ||
        reports.isBusy ||
        tcp.status !== undefined ||
        (pageSocket.isOpen && !sessions.isEmpty);
      if (!isNeeded && performance.now() - touchedAt > settings.idleSeconds * 1000) stop();
    }, 1000);
    const load = new SustainedLoad(() => {
      log.info('under load: V8 optimizes from now on');
      options.optimize?.();
    });
    load.start();
    log.info({ socket: paths.socket }, 'daemon started');
    void runs.recover(); // takes as long as AWS or a scheduler takes; failures are retried
    await stopped;
    load.stop();
    clearInterval(idle);
    recorder.stop();
    redirect.remove();
    await Promise.all([webhooks.stop(), reports.stop()]);
    stopSpool();
    events.stop();
    await Promise.all([server.close(), second?.close(), tcp.close(), pageSocket.close()]);
  } finally {
    // Also if the start failed: timers would keep a daemon alive that holds the lock but serves no requests.
    events.stop();
    await runs.stop();
    runDirectories.close();
    giveBack();
    await ledger.close();
  }
  log.info('daemon stopped');
}

/** Opens the page socket for pages of an earlier daemon. A failure must not stop a daemon that has secrets to remove. */
async function reopen(socket: PageSocket, log: Logger): Promise<void> {
  try {
    await socket.open();
  } catch (error) {
    log.warn({ socket: socket.path, code: asEscrowError(error).code }, 'cannot open the page socket');
  }
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

/** Returns the key of request fingerprints. Without a usable file, requests are recognized until this daemon exits. */
function requestKey(path: string, log: Logger): Buffer {
  try {
    return readRequestKey(path);
  } catch (error) {
    const { code, message } = asEscrowError(error);
    log.warn({ code, reason: message }, 'cannot use the key of request fingerprints; using a temporary one');
    return randomBytes(32);
  }
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
