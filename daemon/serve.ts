// The daemon: puts the rooms together. main.ts calls it; so do tests, with faults of their own.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino, type Logger } from 'pino';
import { machineUser } from './access/principal.ts';
import { keepListening } from './api/listen.ts';
import { createServer } from './api/server.ts';
import { serveSpool } from './api/spool.ts';
import { batchJobs } from './aws/batch-jobs.ts';
import { checkAws } from './aws/iam-check.ts';
import { openSession } from './aws/clients.ts';
import { sweepAws } from './aws/leftovers.ts';
import { LentCredentials } from './aws/credentials.ts';
import type { Settings } from './config/settings.ts';
import { asEscrowError, systemCode } from './errors.ts';
import { assertHostIsOurs, holdHostLease } from './host/hold-host-lease.ts';
import { InTurn } from './host/in-turn.ts';
import { ensurePrivateDirectory } from './host/private-directory.ts';
import { identifySelf } from './host/process-identity.ts';
import { openLedger } from './ledger/open.ts';
import type { Faults } from './runs/faults.ts';
import { Runs } from './runs/runs.ts';
import { sweeperOf } from './runs/sweep.ts';
import { JobBoard } from './schedulers/board.ts';
import { schedulerOf } from './schedulers/detect.ts';
import { AwsSecretsManager } from './stores/aws-secrets-manager.ts';
import { BatchJobDefinitions } from './stores/batch-job-definitions.ts';
import { NextflowStore } from './stores/nextflow-store.ts';
import type { Removal } from './stores/store.ts';
import { Keys } from './vault/keys.ts';
import { finishRekey } from './vault/rekey.ts';
import { Vault } from './vault/vault.ts';

/** Serves until it is asked to end, or nobody needs it any more. The caller holds the lock that makes it the only one. */
export async function serve(
  settings: Settings,
  faults: Faults,
  version: string,
  { takeOver, stay }: { readonly takeOver: boolean; readonly stay: boolean } = {
    takeOver: false,
    stay: false,
  },
): Promise<void> {
  const { paths } = settings;
  const log = pino({ base: { pid: process.pid } }, openLog());
  ensurePrivateDirectory(paths.socketDirectory); // before anything is done: most of what stops a start shows here
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
  const store = new NextflowStore(paths.runs);
  const lent = new LentCredentials();
  const definitions = new BatchJobDefinitions({ openSession, lent, clock: Date.now });
  const secretsManager = new AwsSecretsManager({
    openSession,
    lent,
    owner: user.user,
    pace: { clock: Date.now, sleep },
  });
  const runs = new Runs(
    {
      ledger,
      vault,
      stores: new Map<string, Removal>([store, secretsManager, definitions].map((one) => [one.kind, one])),
      runDirectories: store,
      secretsStore: ({ platform }) => (platform === 'aws-batch' ? secretsManager : store),
      batchJobs: batchJobs(openSession),
      jobs: new JobBoard(schedulerOf),
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
  );
  try {
    await runs.recover();
    await completeRekey(() => finishRekey(ledger, vault), log);
    let touchedAt = Date.now();
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
      touched: () => (touchedAt = Date.now()),
    });
    const server = await keepListening(app, paths.socket);
    const second = await listenInState(app, paths.stateSocket, log);
    const stopSpool = serveSpool(paths);
    process
      .on('SIGTERM', stop)
      .on('SIGINT', stop)
      .on('SIGHUP', () => undefined);
    const idle = setInterval(() => {
      if (!stay && runs.watching === 0 && Date.now() - touchedAt > settings.idleSeconds * 1000) stop();
    }, 1000);
    log.info({ socket: paths.socket }, 'daemon serves');
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
