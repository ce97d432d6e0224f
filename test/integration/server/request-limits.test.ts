import express from 'express';
import t from 'tap';
import { notAuthenticated } from '../../../daemon/access/assert-current.ts';
import { openRateLimits } from '../../../daemon/ledger/postgres/rate-limits.ts';
import { createHttpServer } from '../../../daemon/api/listeners/http-server.ts';
import { problems } from '../../../daemon/api/problem.ts';
import { RequestLimits } from '../../../daemon/server/limits/request-limits.ts';
import { authenticateRequests } from '../../../daemon/server/listener/authenticate-requests.ts';
import { openInPostgres } from '../../support/each-ledger.ts';
import { asAdministrator, databaseOf } from '../../support/postgres-databases.ts';
import { send } from '../../support/http.ts';
import { listenOnLoopback } from '../../support/listen-on-loopback.ts';

const LIMITS = {
  connections: 100,
  connectionsPerAddress: 100,
  requestsPerSecond: 100_000,
  anonymousRequests: 5,
};
const limited = { code: 'too-many-requests' };

void t.test('replicas count together, and separately while PostgreSQL cannot be used', async (t) => {
  const { url, server } = (await openInPostgres(t)) ?? {};
  if (url === undefined || server === undefined) return;
  const stores = [openRateLimits(url, undefined), openRateLimits(url, undefined)];
  t.teardown(async () => {
    for (const { pool } of stores) await pool.end();
  });
  const [one, two] = stores.map((store) => new RequestLimits(LIMITS, store));
  if (one === undefined || two === undefined) return;
  for (const replica of [one, two, one, two, one]) await replica.countAnonymous('192.0.2.1', false);
  await t.rejects(two.countAnonymous('192.0.2.1', false), limited);
  await t.rejects(one.countAnonymous('192.0.2.1', false), limited);
  await one.countAnonymous('192.0.2.2', false);
  const delays = [];
  for (const replica of [one, two, one, two, one, two])
    delays.push(await replica.countWrongToken('192.0.2.1'));
  t.same(delays, [0, 0, 0, 250, 500, 1000]);

  const persistence = await asAdministrator(
    server.config,
    `SELECT relpersistence FROM pg_class WHERE oid = 'nf_escrow.rate_limits'::regclass`,
    databaseOf(url),
  );
  t.same(persistence.rows, [{ relpersistence: 'u' }], 'counts are not written to disk');

  await asAdministrator(server.config, 'DROP TABLE nf_escrow.rate_limits', databaseOf(url));
  for (let count = 0; count < 5; count += 1) await one.countAnonymous('192.0.2.3', false);
  await t.rejects(one.countAnonymous('192.0.2.3', false), limited, 'each process for itself');
});

void t.test('counts few requests of a principal without PostgreSQL, and many together', async (t) => {
  const { url, server } = (await openInPostgres(t)) ?? {};
  if (url === undefined || server === undefined) return;
  const store = openRateLimits(url, undefined);
  t.teardown(() => store.pool.end());
  const rows = async (): Promise<number> => {
    const counted = 'SELECT count(*)::int AS count FROM nf_escrow.rate_limits';
    const { rows: found } = await asAdministrator(server.config, counted, databaseOf(url));
    return (found as { count: number }[])[0]?.count ?? 0;
  };
  const limits = new RequestLimits({ ...LIMITS, requestsPerSecond: 2500 }, store);
  for (let count = 0; count < 100; count += 1) await limits.countKnown('ada');
  t.equal(await rows(), 0);
  await Promise.all(Array.from({ length: 101 }, () => limits.countKnown('eve')));
  t.equal(await rows(), 1);
  const few = new RequestLimits({ ...LIMITS, requestsPerSecond: 24 }, store);
  await few.countKnown('bob');
  t.equal(await rows(), 2, 'a low limit is exact');
});

void t.test('health checks are not counted with other requests', async (t) => {
  const limits = new RequestLimits(LIMITS, undefined);
  for (let count = 0; count < 5; count += 1) await limits.countAnonymous('192.0.2.1', false);
  await t.rejects(limits.countAnonymous('192.0.2.1', false), limited);
  await limits.countAnonymous('192.0.2.1', true);
});

void t.test('delays the answers to wrong tokens of an address, longer each time', async (t) => {
  const delays: number[] = [];
  const app = express();
  app.use(
    authenticateRequests({
      authenticate: (token) =>
        token === 'right'
          ? Promise.resolve({ kind: 'user', id: 'u', user: 'ada' })
          : Promise.reject(notAuthenticated()),
      limits: new RequestLimits({ ...LIMITS, anonymousRequests: 1000 }, undefined),
      authenticateSession: () => Promise.resolve(undefined),
      isReport: () => false,
      isSignIn: () => false,
      findRelease: () => Promise.resolve(undefined),
      isPublic: ({ path }) => path === '/public',
      pause: async (ms) => {
        delays.push(ms);
        return Promise.resolve();
      },
    }),
  );
  app.get('/{*any}', (_request, response) => {
    response.json({});
  });
  app.use(problems({ log: { error: () => undefined } as never, redact: (text) => text }));
  const server = createHttpServer(app);
  const port = await listenOnLoopback(server);
  t.teardown(() => server.close());
  const get = async (path: string, token?: string): Promise<number> =>
    (
      await send({
        ...{ host: '127.0.0.1', port, path },
        headers: { host: 'localhost', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      })
    ).status;
  t.equal(await get('/', 'right'), 200);
  t.equal(await get('/'), 401, 'no token is not a wrong one');
  t.equal(await get('/public', 'wrong'), 200, 'a check of a load balancer is not delayed');
  t.same(delays, []);
  for (let count = 0; count < 10; count += 1) t.equal(await get('/', 'wrong'), 401);
  t.same(delays, [0, 0, 0, 250, 500, 1000, 2000, 4000, 8000, 8000]);
  t.equal(await get('/', 'right'), 200, 'a right token is not delayed');
  t.equal(delays.length, 10);
});
