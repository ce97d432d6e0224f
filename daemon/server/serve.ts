// Composes a server from its modules. Called by `nf-escrow serve`, and by tests.
import type { RequestListener } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { openEventNumbers, type EventNumbers } from '../access/event-numbers.ts';
import { authenticateToken } from '../access/tokens/authenticate-token.ts';
import { EventHub } from '../api/events/event-hub.ts';
import { principalOf } from '../api/listeners/caller.ts';
import { MetricsRecorder } from '../api/metrics/recorder.ts';
import { IdempotentRequests } from '../api/routing/idempotent-requests.ts';
import type { ResponseObserver } from '../api/routing/mount.ts';
import { readAudit } from '../ledger/audit.ts';
import type { ReadinessWarning } from '../contract/types.ts';
import { asEscrowError } from '../errors.ts';
import { openJsonLog } from '../system/json-log.ts';
import { noFaults, type FaultInjector } from '../system/steps.ts';
import { Vault } from '../vault/vault.ts';
import { completeRekey, unlockAgain } from './complete-rekey.ts';
import type { ServerSettings } from './configuration/server-settings.ts';
import { createServerApp, createStartingApp } from './create-server-app.ts';
import { RequestAudit } from './audit/audit-requests.ts';
import { Readiness } from './lifecycle/readiness.ts';
import { listenForStopSignals } from './lifecycle/stop-signals.ts';
import { ServerListener } from './listener/server-listener.ts';
import { LedgerWatch } from './ledger/ledger-watch.ts';
import { openServerLedger } from './ledger/open-server-ledger.ts';
import type { ServerLedger } from './ledger/server-ledger.ts';
import { ReplicaKeys } from './replica-keys.ts';
import { RequestLimits } from './limits/request-limits.ts';
import { servedByServer } from './served-by-server.ts';
import { CertificateWatch } from './tls/certificate-watch.ts';
import { composeSignIn, openProvider } from './sign-in/compose-sign-in.ts';
import type { OidcClient } from './sign-in/oidc/oidc-client.ts';
import { composeDeliveries, type DeliveryTimes } from './compose-deliveries.ts';
import type { Delivering } from '../deliveries/delivering.ts';
import { describeServer } from './describe-server.ts';
import { maintainHourly } from './maintain-hourly.ts';
import { RequestKey } from './request-key.ts';
import { openVaultKeys, warnAboutKms } from './vault-keys.ts';

/** Options of a server. */
export interface ServeOptions {
  readonly version: string;
  /** Tests compare each response with the description of its operation. */
  readonly observe?: ResponseObserver | undefined;
  /** Interrupts steps, in tests. */
  readonly faults?: FaultInjector | undefined;
  /** Shortens waits of deliveries, in tests. */
  readonly times?: DeliveryTimes | undefined;
}

/** Times after which clients of event streams reconnect, so that not all of them do at once. */
const RETRY_MS = { least: 500, spread: 2500 };

/**
 * Runs a server until it is stopped: it shuts down gracefully at the first TERM or INT, and at once at the second. Throws
 * `certificate-unusable`, `address-unavailable`, `ledger-unavailable`, `ledger-too-new`, and errors of the vault's key.
 */
export async function serveTeam(settings: ServerSettings, options: ServeOptions): Promise<void> {
  process.umask(0o077);
  const log = openJsonLog();
  const readiness = new Readiness(log);
  const reloads: (() => void)[] = [];
  const signals = listenForStopSignals(() => {
    log.info('reloading');
    for (const reload of reloads) reload();
  });
  let app: RequestListener = createStartingApp(readiness, log);
  const watch = watchCertificate(settings, log, (certificate) => {
    listener.use(certificate);
  });
  const listener = new ServerListener({
    settings,
    certificate: watch?.current,
    app: (request, response) => {
      app(request, response);
    },
  });
  let parts: Parts | undefined;
  try {
    const address = await listener.listen(); // first: health is answered while a long migration runs
    watch?.start();
    if (watch !== undefined)
      reloads.push(() => {
        watch.check();
      });
    log.info({ address, url: settings.publicUrl.origin }, 'listening');
    parts = await openParts(settings, options, log);
    const { vault, store, replicaKeys } = parts;
    const { faults = noFaults } = options;
    const upkeep = async (): Promise<void> => {
      await replicaKeys.announce();
      await completeRekey(store.ledger, vault, faults, log);
    };
    reloads.push(() => void unlockAgain(vault, settings.vault, log).then(upkeep));
    void upkeep();
    app = appOf(parts, settings, readiness, options, log);
    readiness.open(examinationOf(parts, watch, settings));
    log.info('server started');
    await signals.requested;
    await drain(readiness, settings, signals.forced, log);
    parts.events.stop(() => Math.round(RETRY_MS.least + Math.random() * RETRY_MS.spread));
  } finally {
    await listener.close(settings.drain.deadlineSeconds * 1000, signals.forced);
    watch?.stop();
    await parts?.close();
    signals.release();
  }
  log.info('server stopped');
}

/** What serves requests once the ledger is open. */
interface Parts {
  readonly store: ServerLedger;
  readonly ledgerWatch: LedgerWatch;
  readonly replicaKeys: ReplicaKeys;
  readonly vault: Vault;
  readonly events: EventHub;
  readonly recorder: MetricsRecorder;
  readonly requestKey: RequestKey;
  readonly eventNumbers: EventNumbers;
  readonly audit: RequestAudit;
  /** Undefined: people sign in with links. */
  readonly provider: OidcClient | undefined;
  readonly deliveries: Delivering;
  close(): Promise<void>;
}

async function openParts(
  settings: ServerSettings,
  { version, faults = noFaults, times }: ServeOptions,
  log: Logger,
): Promise<Parts> {
  const provider = await openProvider(settings);
  const keys = await openVaultKeys(settings.vault);
  const requestKey = new RequestKey(keys);
  const isFromService = keys.ring()?.[0].source === 'kms';
  if (!isFromService) await requestKey.read();
  const store = await openServerLedger(settings, log, { isServer: true });
  const { ledger } = store;
  keys.bindTo(ledger.id);
  if (isFromService) await attemptToDecrypt(requestKey, log);
  const eventNumbers = await openEventNumbers(ledger);
  const events = new EventHub(ledger.feed, ledger.changes, () => undefined);
  const recorder = new MetricsRecorder(ledger, version, () => events.listeners);
  const ledgerWatch = new LedgerWatch(store, log, {
    onNewer: () => {
      events.stop();
    },
  });
  await ledgerWatch.start();
  events.start();
  recorder.start();
  const replicaKeys = new ReplicaKeys(ledger, keys, log, version);
  await replicaKeys.start();
  const audit = new RequestAudit({ ledger, log });
  audit.start();
  const vault = new Vault(ledger, keys, settings.limits);
  const { deliveries, upkeep: deliveryUpkeep } = composeDeliveries({
    ...{ settings, store, vault, faults, log, times },
  });
  deliveryUpkeep.start();
  const upkeep = maintainHourly(store, settings.audit.retentionDays, faults, log, deliveries);
  return {
    ...{ store, ledgerWatch, replicaKeys, events, recorder, requestKey, eventNumbers, audit, provider },
    ...{ vault, deliveries },
    close: async () => {
      ledgerWatch.stop();
      events.stop();
      recorder.stop();
      await deliveryUpkeep.stop();
      await upkeep.stop();
      await replicaKeys.stop();
      await audit.stop();
      await store.close();
    },
  };
}

/** A key service may be unavailable for a while: the server is not ready then, and asks again whenever it needs the key. */
async function attemptToDecrypt(requestKey: RequestKey, log: Logger): Promise<void> {
  try {
    await requestKey.read();
  } catch (error) {
    const { code, message, hint } = asEscrowError(error);
    log.error({ code, reason: message, hint }, 'cannot decrypt the vault key; trying again');
  }
}

function appOf(
  {
    store,
    ledgerWatch,
    vault,
    events,
    recorder,
    requestKey,
    eventNumbers,
    audit,
    provider,
    deliveries,
  }: Parts,
  settings: ServerSettings,
  readiness: Readiness,
  { version, observe, faults = noFaults }: ServeOptions,
  log: Logger,
): RequestListener {
  const { ledger, postgres } = store;
  const { keys } = vault;
  const warnings = async (): Promise<ReadinessWarning[]> => [
    ...(await ledgerWatch.warnings()),
    ...warnAboutKms(keys, settings.vault),
  ];
  const limits = new RequestLimits(settings.limits, postgres?.rateLimits);
  const { signIn, pages, authenticateSession } = composeSignIn({
    ...{ settings, ledger, limits, audit, log, provider },
  });
  const served = servedByServer({
    ...{ version, ledger, vault, events, recorder, log, faults, eventNumbers },
    identify: principalOf,
    noteNames: audit.noteNames,
    limits: settings.limits,
    deliveries,
    signIn,
    describe: () => describeServer({ version, settings, store, keys, warnings }),
    requests: new IdempotentRequests(ledger, () => requestKey.read()),
    redact: (text) => text, // a server has no run whose values could appear
    readiness: async (caller) => readiness.check(caller === 'user'),
    stop: () => undefined,
    touched: () => undefined,
  });
  return createServerApp(served, {
    ...{ settings, readiness, audit, observe, limits, pages, authenticateSession },
    authenticate: async (token, address) => authenticateToken(ledger.db, token, address),
  });
}

function examinationOf(
  { store, ledgerWatch, vault }: Parts,
  watch: CertificateWatch | undefined,
  settings: ServerSettings,
): Parameters<Readiness['open']>[0] {
  return {
    assertUsable: ledgerWatch.assertUsable,
    checkLedger: async () => readAudit(store.ledger.db, { limit: 1 }),
    checkVault: async () => vault.assertUsable(),
    warnings: async (): Promise<ReadinessWarning[]> => [
      ...(watch?.warnings ?? []),
      ...(await ledgerWatch.warnings()),
      ...warnAboutKms(vault.keys, settings.vault),
    ],
  };
}

function watchCertificate(
  { tls, publicUrl }: ServerSettings,
  log: Logger,
  onChange: ConstructorParameters<typeof CertificateWatch>[0]['onChange'],
): CertificateWatch | undefined {
  if (tls === undefined) return undefined;
  return new CertificateWatch({ files: tls, host: publicUrl.hostname, onChange, log });
}

/** Load balancers need a moment to notice that the server is not ready. Requests that they send in this time are served. */
async function drain(
  readiness: Readiness,
  { drain: { delaySeconds } }: ServerSettings,
  forced: AbortSignal,
  log: Logger,
): Promise<void> {
  readiness.drain();
  log.info({ delaySeconds }, 'shutting down');
  await sleep(delaySeconds * 1000, undefined, { signal: forced }).catch(() => undefined);
}
