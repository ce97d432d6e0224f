// The API of a team server on a socket: the operations of daemon/api with principals of a ledger.
import { randomBytes, randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import type { RequestHandler } from 'express';
import { sql } from 'kysely';
import type { Test } from 'tap';
import { permutedNumbers } from '../../daemon/access/event-numbers.ts';
import { machineUser, type User } from '../../daemon/access/principal.ts';
import { findWorkspace } from '../../daemon/access/scopes.ts';
import { authenticateToken } from '../../daemon/access/tokens/authenticate-token.ts';
import { EventHub, type HubLimits } from '../../daemon/api/events/event-hub.ts';
import { identifyPrincipal, principalOf } from '../../daemon/api/listeners/caller.ts';
import { readAuthorization } from '../../daemon/api/listeners/authorization.ts';
import { listenOn } from '../../daemon/api/listeners/unix-listener.ts';
import { MetricsRecorder } from '../../daemon/api/metrics/recorder.ts';
import { IdempotentRequests } from '../../daemon/api/routing/idempotent-requests.ts';
import { createServer } from '../../daemon/api/server.ts';
import type { Served } from '../../daemon/api/served.ts';
import { record } from '../../daemon/ledger/journal.ts';
import { RequestAudit } from '../../daemon/server/audit/audit-requests.ts';
import type { OidcSettings } from '../../daemon/server/configuration/oidc-settings.ts';
import type { OidcClient } from '../../daemon/server/sign-in/oidc/oidc-client.ts';
import type { ServerSettings } from '../../daemon/server/configuration/server-settings.ts';
import { composeDeliveries } from '../../daemon/server/compose-deliveries.ts';
import { createServerApp } from '../../daemon/server/create-server-app.ts';
import { composeSignIn } from '../../daemon/server/sign-in/compose-sign-in.ts';
import { Readiness } from '../../daemon/server/lifecycle/readiness.ts';
import { RequestLimits } from '../../daemon/server/limits/request-limits.ts';
import { TrustedPeers } from '../../daemon/server/proxies/trusted-peers.ts';
import { servedByServer } from '../../daemon/server/served-by-server.ts';
import { SecretValue } from '../../daemon/vault/secret-value.ts';
import { checkResponse } from './check-response.ts';
import { assemble, placesIn, type DaemonModules } from './daemon-modules.ts';
import { send, type Answer } from './http.ts';
import { Team } from './team.ts';
import { temporaryDirectory } from './temporary.ts';

/** Where browsers expect the server. */
export const ORIGIN = 'https://localhost';
const SESSIONS = { idleMinutes: 60, lifetimeHours: 24 };

/** The identity provider of a server. */
interface TestProvider {
  readonly client: OidcClient;
  readonly settings: OidcSettings;
}

/** Who sends a request: a user in a session, or the text of a token. */
type Sender = User | string;

/** What the proxy in front of the server adds. */
const PROXY = { 'x-forwarded-for': '192.0.2.7', 'x-forwarded-proto': 'https' };

export interface Sending {
  readonly method?: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A team server of one process. Sessions of people are those of part 2: here, a header names the user. */
export class TeamServer extends Team {
  readonly modules: DaemonModules;
  readonly socketPath: string;
  #events: EventHub | undefined;
  /** Records denied requests of the server's own listener. */
  audit!: RequestAudit;
  readonly #users = new Map<string, User>();

  private constructor(modules: DaemonModules, socketPath: string) {
    super(modules.ledger);
    this.modules = modules;
    this.socketPath = socketPath;
  }

  /** `mounts`: the operations of the daemon, with sessions of people, or those of `nf-escrow serve` behind its own listener's checks. */
  static async start(
    t: Test,
    limits: Partial<HubLimits> = {},
    mounts: 'daemon' | 'server' = 'daemon',
    oidc?: TestProvider,
  ): Promise<TeamServer> {
    const directory = temporaryDirectory(t);
    const modules = await assemble(placesIn(directory));
    const server = new TeamServer(modules, join(directory, 's'));
    const { ledger, vault, runs, deps } = modules;
    server.audit = new RequestAudit({ ledger, log: deps.log });
    const events = new EventHub(ledger.feed, ledger.changes, () => undefined, limits);
    events.start();
    server.#events = events;
    // What only a daemon has: no operation of a team server reaches it.
    const served = {
      version: '0',
      ...{ ledger, vault, runs, events },
      identify: principalOf,
      requests: new IdempotentRequests(ledger, () => randomBytes(32)),
      log: deps.log,
      redact: (text: string) => text,
      recorder: new MetricsRecorder(ledger, '0', () => 0),
      faults: deps.faults,
      eventNumbers: permutedNumbers(randomBytes(32)),
      touched: () => undefined,
      deliveries: composeDeliveries({
        settings: { awsAccounts: [], publicUrl: new URL(ORIGIN) } as unknown as ServerSettings, // what deliveries read
        ...{ store: { ledger, postgres: undefined }, vault, faults: deps.faults, log: deps.log },
      }).deliveries,
      ...(mounts === 'server' ? { noteNames: server.audit.noteNames } : {}),
      signIn: {
        ...{ origin: ORIGIN, sessions: SESSIONS, provider: undefined, isOwnNetwork: () => true },
        delayWrongCode: () => Promise.resolve(),
      },
    } as unknown as Served;
    const listener = await listenOn(
      mounts === 'daemon'
        ? createServer(served, { guard: server.#guard, observe: checkResponse })
        : server.#appOfServer(served, oidc),
      server.socketPath,
    );
    t.teardown(async () => {
      events.stop();
      await listener.close();
      await modules.close();
    });
    return server;
  }

  /** Number of open event streams. */
  get streams(): number {
    return this.#events?.listeners ?? 0;
  }

  override async user(name: string, administrator = false): Promise<User> {
    const user = await super.user(name, administrator);
    this.#users.set(user.id, user);
    return user;
  }

  async send(by: Sender, path: string, { headers = {}, ...sending }: Sending = {}): Promise<Answer> {
    return this.exchange(path, { ...sending, headers: { ...this.headersOf(by), ...headers } });
  }

  /** Sends a request without a token. */
  async exchange(path: string, { method = 'GET', body, headers = {} }: Sending = {}): Promise<Answer> {
    return send(
      {
        socketPath: this.socketPath,
        path,
        method,
        headers: {
          host: 'localhost',
          ...PROXY,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
      },
      body === undefined ? undefined : JSON.stringify(body),
    );
  }

  headersOf(by: Sender): Readonly<Record<string, string>> {
    return {
      ...PROXY,
      ...(typeof by === 'string' ? { authorization: `Bearer ${by}` } : { 'x-session-of': by.id }),
    };
  }

  /** Sets a secret in a workspace, as an import does. */
  async secret(title: string, name: string): Promise<void> {
    const scope = await findWorkspace(this.ledger.db, title);
    await this.modules.vault.set(machineUser(), scope, name, new SecretValue(randomBytes(16)));
  }

  /** Records what the server has delivered to a run. Returns the id of the release. */
  async delivery(run: string, workspace: string, by: User): Promise<string> {
    const { id: scope_id } = await findWorkspace(this.ledger.db, workspace);
    const [id, at] = [randomUUID(), '2026-01-05T10:00:00.000Z'];
    await this.ledger.write(async (db) => {
      await db
        .insertInto('server_environments')
        .values({
          ...{ id: `environment-${run}`, scope_id, name: by.user, platform: 'aws-batch', settings: '{}' },
          ...{ own_resource: by.user, created_by: by.user, created_at: at },
        })
        .execute();
      await db
        .insertInto('releases')
        .values({
          ...{ id, run_id: run, principal_id: by.id, principal: by.user, scope_id, workspace, recipient: '' },
          ...{ secrets: '[]', created_at: at, expires_at: at, state: 'running', outcome: null, leases: '[]' },
          ...{ epoch: 0, sequence: 0, reported_at: null, purged_at: null },
        })
        .execute();
      await db
        .insertInto('deliveries')
        .values({
          ...{ id, scope_id, environment_id: `environment-${run}`, environment: by.user, state: 'placed' },
          ...{
            expires_at: '2999-01-01T00:00:00.000Z',
            missed_seconds: 0,
            next_at: '2999-01-01T00:00:00.000Z',
          },
        })
        .execute();
    });
    return id;
  }

  /** Records a run in a workspace. */
  async run(id: string, workspace: string, launchedBy?: string): Promise<void> {
    await this.ledger.write(async (db) => {
      await sql`INSERT INTO runs (id, state, workspace, launch_directory, nextflow, arguments, plan, launcher, launch_deadline,
        created_at, run_name, purged_at, launched_by) VALUES (${id}, 'purged', ${workspace}, '/', 'nextflow', '["nextflow"]',
        '[]', '{}', '', '2026-01-05T10:00:00.000Z', ${`name-of-${id}`}, '2026-01-05T10:00:00.000Z',
        ${launchedBy ?? null})`.execute(db);
      await record(db, { type: 'run.created', run: id, by: 'test', data: {} });
    });
  }

  /** The app of `nf-escrow serve`. */
  #appOfServer(served: Served, oidc: TestProvider | undefined): RequestListener {
    const limits = {
      connections: 100,
      connectionsPerAddress: 100,
      requestsPerSecond: 10_000,
      anonymousRequests: 10_000,
    };
    const settings = {
      names: new Set(['localhost']),
      publicUrl: new URL(ORIGIN),
      sessions: SESSIONS,
      oidc: oidc?.settings,
      tls: undefined,
      trustedProxies: new TrustedPeers(['unix'], 'a test', true),
      forwardedHeader: 'x-forwarded-for',
      limits,
    } as unknown as ServerSettings; // what the app reads
    const readiness = new Readiness(served.log);
    const requestLimits = new RequestLimits(limits, undefined);
    const { ledger } = this;
    const { signIn, pages, authenticateSession } = composeSignIn({
      ...{
        settings,
        ledger,
        limits: requestLimits,
        audit: this.audit,
        log: served.log,
        provider: oidc?.client,
      },
    });
    return createServerApp(servedByServer({ ...served, signIn }), {
      ...{ settings, readiness, observe: checkResponse, limits: requestLimits, pages, authenticateSession },
      audit: this.audit,
      authenticate: (token, address) => authenticateToken(this.ledger.db, token, address),
    });
  }

  readonly #guard: RequestHandler = async (request, _response, next) => {
    const { token } = readAuthorization(request.headersDistinct.authorization);
    const session = this.#users.get(request.get('x-session-of') ?? '');
    if (token !== undefined && !token.startsWith('nfr_'))
      identifyPrincipal(request, await authenticateToken(this.ledger.db, token, '192.0.2.7'));
    else if (session !== undefined) identifyPrincipal(request, session);
    next();
  };
}
