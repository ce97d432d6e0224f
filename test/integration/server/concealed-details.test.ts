// Clients of a team server do not learn where its database and its files are.
import { chmodSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Express } from 'express';
import t from 'tap';
import { authenticateToken } from '../../../daemon/access/tokens/authenticate-token.ts';
import { createHttpServer } from '../../../daemon/api/listeners/http-server.ts';
import type { ServerSettings } from '../../../daemon/server/configuration/server-settings.ts';
import { RequestAudit } from '../../../daemon/server/audit/audit-requests.ts';
import { createServerApp } from '../../../daemon/server/create-server-app.ts';
import { Readiness } from '../../../daemon/server/lifecycle/readiness.ts';
import { RequestLimits } from '../../../daemon/server/limits/request-limits.ts';
import { servedByServer, type ServerParts } from '../../../daemon/server/served-by-server.ts';
import { TrustedPeers } from '../../../daemon/server/proxies/trusted-peers.ts';
import { createTokenText } from '../../../daemon/access/tokens/token-format.ts';
import type { Ledger } from '../../../daemon/ledger/ledger.ts';
import { openInPostgres } from '../../support/each-ledger.ts';
import { asAdministrator, databaseOf } from '../../support/postgres-databases.ts';
import { codeOf, send } from '../../support/http.ts';
import { listenOnLoopback } from '../../support/listen-on-loopback.ts';
import { TeamServer } from '../../support/team-server.ts';

/** What the server logs. */
class Log {
  readonly lines: string[] = [];
  readonly error = (data: object): void => {
    this.lines.push(
      JSON.stringify(data, (_key, value: unknown) => (value instanceof Error ? value.message : value)),
    );
  };
}

function appOn(ledger: Ledger, log: Log): Express {
  const limits = {
    connections: 10,
    connectionsPerAddress: 10,
    requestsPerSecond: 100,
    anonymousRequests: 100,
  };
  const settings = {
    ...{ names: new Set(['localhost']), tls: {}, forwardedHeader: 'forwarded', limits },
    publicUrl: new URL('https://localhost'),
    trustedProxies: new TrustedPeers([], 'a test', false),
  } as unknown as ServerSettings; // what the app reads
  const recorder = { requests: (_request: unknown, _response: unknown, next: () => void): void => next() };
  const parts = { ledger, log, recorder, redact: (text: string) => text } as unknown as ServerParts;
  return createServerApp(servedByServer(parts), {
    ...{ settings, readiness: new Readiness({ info: () => undefined, warn: () => undefined }) },
    limits: new RequestLimits(limits, undefined),
    audit: new RequestAudit({ ledger, log: { warn: () => undefined } }),
    authenticate: (token, address) => authenticateToken(ledger.db, token, address),
    authenticateSession: () => Promise.resolve(undefined),
    pages: (_request, _response, next) => {
      next();
    },
  });
}

void t.test('an unknown client does not learn which database the server uses', async (t) => {
  const { url, ledger, server } = (await openInPostgres(t)) ?? {};
  if (url === undefined || ledger === undefined || server === undefined) return;
  const log = new Log();
  const listener = createHttpServer(appOn(ledger, log));
  const port = await listenOnLoopback(listener);
  t.teardown(() => listener.close());
  await asAdministrator(server.config, `DROP DATABASE ${databaseOf(url)} WITH (FORCE)`);
  const headers = { host: 'localhost', authorization: `Bearer ${createTokenText()}` };
  const answer = await send({ host: '127.0.0.1', port, path: '/v1/workspaces', headers });
  t.match(codeOf(answer), /^ledger-/);
  for (const detail of [databaseOf(url), String(server.config.host), 'psql', 'pg_isready'])
    t.notOk(answer.text.includes(detail), answer.text);
  t.match(log.lines.join(), databaseOf(url), 'the log has the reason');
});

void t.test('a member does not learn where the key of the vault is', async (t) => {
  const server = await TeamServer.start(t, {}, 'server');
  const owner = await server.user('owner');
  await server.organization('lab', [[owner, 'owner']]);
  await server.workspace({ organization: 'lab', name: 'rna', visibility: 'private' });
  await server.secret('lab/rna', 'A_KEY');
  const { text: token } = await server.token(owner);
  const directory = dirname(server.socketPath);
  chmodSync(join(directory, 'vault.key'), 0o666);
  const answer = await server.send(token, '/v1/workspaces/lab/rna/secrets/B_KEY', {
    ...{ method: 'PUT', body: { value: 'a value' } },
  });
  t.equal(codeOf(answer), 'permissions-too-open');
  t.notOk(answer.text.includes(directory), answer.text);
});
