// The daemon: puts the rooms together. main.ts calls it; so do tests, with faults of their own.
import { join } from 'node:path';
import { pino, type Logger } from 'pino';
import { machineUser } from './access/principal.ts';
import { keepListening } from './api/listen.ts';
import { createServer } from './api/server.ts';
import { serveSpool } from './api/spool-server.ts';
import { batchJobs } from './aws/batch/batch-jobs.ts';
import { checkAws } from './aws/iam/iam-check.ts';
import { openSession } from './aws/session/session.ts';
import { sweepAws } from './aws/sweep.ts';
import { LentCredentials } from './aws/session/credentials.ts';
import { realPace } from './aws/retry.ts';
import type { Settings } from './config/settings.ts';
import { probeOnBatch } from './doctor/probes/batch-probe.ts';
import { asEscrowError, systemCode } from './errors.ts';
import { assertHostIsOurs, holdHostLease } from './system/host-lease/hold-host-lease.ts';
import { InTurn } from './system/keyed-mutex.ts';
import { ensurePrivateDirectory } from './system/files/private-directory.ts';
import { SOCKET } from './system/files/trust/trust-error.ts';
import { identifySelf } from './system/processes/process-identity.ts';
import type { Faults } from './system/steps.ts';
import { openLedger } from './ledger/open.ts';
import { Runs } from './runs/runs.ts';
import { sweeperOf } from './runs/purge/sweeper.ts';
import { JobBoard } from './schedulers/job-status-cache.ts';
import { schedulerOf } from './schedulers/registry.ts';
import { AwsSecretsManager, awsWaits, type AwsWaits } from './stores/aws/secrets-manager.ts';
import { BatchJobDefinitions } from './stores/aws/job-definitions.ts';
import { DeadManSwitches } from './stores/aws/dead-man-switches.ts';
import { NextflowStore } from './stores/nextflow-store.ts';
import type { Removal } from './stores/store.ts';
import { Keys } from './vault/keys/keys.ts';
import { finishRekey } from './vault/keys/rekey.ts';
import { Vault } from './vault/vault.ts';

/** How the daemon serves, where that is not as usual. */
export interface Service {
  /** Another host's lease is taken over. */
  readonly takeOver?: boolean;
  /** It does not end when nobody needs it. */
  readonly stay?: boolean;
  /** Tests wait less, and retry sooner (milliseconds). */
  readonly waits?: AwsWaits;
  readonly retryMs?: number;
  readonly jobsClock?: () => number;
}

/** Serves until it is asked to end, or nobody needs it any more. The caller holds the lock that makes it the only one. */
export async function serve(
  settings: Settings,
  faults: Faults,
  version: string,
  { takeOver = false, stay = false, waits = awsWaits, retryMs, jobsClock }: Service = {},
): Promise<void> {
  const { paths } = settings;
  const log = pino({ base: { pid: process.pid } }, openLog());
  ensurePrivateDirectory(paths.socketDirectory, SOCKET); // before anything is done: most of what stops a start shows here
  assertHostIsOurs(paths.hostLease, settings.hostLeaseSeconds, takeOver);
  const ledger = await openLedger(paths.ledger);
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
  const store = new NextflowStore(paths.runs, faults);
  const lent = new LentCredentials();
  const pace = realPace;
  const deadMan = new DeadManSwitches({ openSession, lent, pace, lateMs: waits.late, faults });
  const definitions = new BatchJobDefinitions({
    openSession,
    lent,
    pace,
    waits,
    faults,
  });
  const secretsManager = new AwsSecretsManager({
    openSession,
    lent,
    owner: user.user,
    pace,
    waits,
    faults,
  });
  const runs = new Runs(
    {
      ledger,
      vault,
      stores: new Map<string, Removal>(
        [store, secretsManager, definitions, deadMan].map((one) => [one.kind, one]),
      ),
      deadMan,
      runDirectories: store,
      secretsStore: ({ platform }) => (platform === 'aws-batch' ? secretsManager : store),
      batchJobs: batchJobs(openSession),
      jobs: new JobBoard(schedulerOf, jobsClock),
      submitting: new Set(),
      onLost: settings.onLost,
      defaultWorkspace: settings.workspace,
      user,
      outputDirectory: join(paths.state, 'output'),
      faults,
      removals: new InTurn(),
      clock: () => new Date(),
      log,
    },
    settings.keepRunsDays,
    retryMs,
  );
  try {
    await runs.adopt();
    await completeRekey(() => finishRekey(ledger, vault), log);
    let touchedAt = performance.now(); // by a clock that nobody sets
    const startedAt = new Date().toISOString();
    const app = createServer({
      version,
      ledger,
      vault,
      runs,
      user,
      log,
      aws: {
        check: (aws) => checkAws(aws, openSession),
        probe: (environment, how) => probeOnBatch(runs, openSession, environment, how),
        sweep: (aws, remove) => sweepAws(aws, openSession, sweeperOf(ledger, user.user), remove),
      },
      status: () => ({
        process: identifySelf(),
        version,
        startedAt,
        stateDirectory: paths.state,
        watching: runs.watching,
        memoryBytes: process.memoryUsage.rss(),
        stays: stay,
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
      if (!stay && runs.watching === 0 && performance.now() - touchedAt > settings.idleSeconds * 1000) stop();
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
