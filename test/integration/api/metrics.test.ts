import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import t from 'tap';
import { STSClient, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { measured } from '../../../daemon/aws/session/measured.ts';
import { onMeasurement } from '../../../daemon/system/telemetry.ts';
import { Sandbox, until } from '../../support/sandbox.ts';
import { listenerOf, openListener, tcpRequest } from '../../support/tcp.ts';

type Series = ReadonlyMap<string, number>;

/** Parses the text format of Prometheus. */
function parse(text: string): Series {
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

/** What Prometheus 2.42 sends. */
const ACCEPT =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';

void t.test('counts runs, leases, durations, requests and event streams', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  const scrape = async (): Promise<Series> => {
    const { status, text, type } = await box.http('GET', '/metrics', undefined, { accept: ACCEPT });
    t.equal(status, 200, text.slice(0, 300));
    t.equal(type, 'text/plain; charset=utf-8');
    return parse(text);
  };
  const value = randomBytes(16).toString('hex');
  await box.http('PUT', '/v1/user/secrets/METRIC_KEY', { value });
  t.equal((await scrape()).get('nf_escrow_oldest_pending_removal_seconds'), 0);
  const running = box.start(['run', 'touch here; while [ ! -e go ]; do sleep 0.05; done']);
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  const { runs } = JSON.parse((await box.http('GET', '/v1/runs')).text) as { runs: { id: string }[] };
  const stream = get({ socketPath: box.socket, path: `/v1/runs/${runs[0]?.id ?? ''}/events` });
  await new Promise((resolve) =>
    stream.on('response', (incoming) => incoming.once('data', resolve).resume()),
  );
  const during = await scrape();
  t.equal(during.get('nf_escrow_runs{state="running",outcome="none"}'), 1);
  t.ok(
    [...during].some(
      ([name, count]) => /^nf_escrow_leases\{store=".+",state="placed"\}/.test(name) && count >= 1,
    ),
  );
  t.equal(during.get('nf_escrow_event_listeners'), 1);
  t.equal(during.get('nf_escrow_delivery_duration_seconds_count{platform="hpc",result="ok"}'), 1);
  stream.destroy();
  writeFileSync(join(box.launch, 'go'), '');
  await running.ended;
  await until(
    'the run is purged',
    async () => (await scrape()).get('nf_escrow_purge_duration_seconds_count') === 1,
  );
  const after = await scrape();
  t.equal(after.get('nf_escrow_runs{state="purged",outcome="succeeded"}'), 1);
  t.equal(
    after.get('nf_escrow_runs{state="running",outcome="none"}'),
    undefined,
    'no series of a state without runs',
  );
  t.equal(after.get('nf_escrow_pending_removals'), 0);
  t.equal(after.get('nf_escrow_event_listeners'), 0);
  t.ok((after.get('process_resident_memory_bytes') ?? 0) > 1e7);

  // Node's own metrics have series per kind of garbage collection and of resource, which appear at any time.
  const own = (series: ReadonlyMap<string, number>): number =>
    [...series.keys()].filter((name) => name.startsWith('nf_escrow_')).length;
  const before = own(await scrape());
  for (const index of Array.from({ length: 50 }, (_, each) => String(each)))
    for (const path of [
      `/v1/x${index}`,
      `/v1/runs/r${index}x`,
      `/v1/runs?${index}=1`,
      `/v1/user/secrets/K${index}`,
    ])
      await box.http(index.endsWith('0') ? 'DELETE' : 'GET', path);
  const { text } = await box.http('GET', '/metrics');
  t.ok(own(parse(text)) < before + 10, 'requests do not add series without a bound');
  t.equal(parse(text).get('nf_escrow_api_requests_total{route="GET /v1/runs/{run}",status="404"}'), 45);
  t.notOk(text.includes(value));
  t.notOk(text.includes(box.directory));
});

void t.test('gives a scraper the metrics and nothing else', async (t) => {
  const box = new Sandbox(t);
  const file = join(box.directory, 'scrape.token');
  const scrapeToken = randomBytes(24).toString('hex');
  writeFileSync(file, `${scrapeToken}\n`, { mode: 0o600 });
  box.env['NF_ESCROW_METRICS_TOKEN_FILE'] = file;
  const { port, token } = await openListener(box);
  const status = async (path: string, bearer: string, method = 'GET'): Promise<number> =>
    (await tcpRequest(port, path, { authorization: `Bearer ${bearer}`, accept: ACCEPT }, method)).status;
  t.equal(await status('/metrics', scrapeToken), 200);
  t.equal(await status('/metrics', token), 200);
  t.equal((await tcpRequest(port, '/metrics')).status, 401);
  t.equal(await status('/v1/runs', scrapeToken), 401);
  t.equal(await status('/v1/daemon/stop', scrapeToken, 'POST'), 401);
  t.equal(await status('/metrics', scrapeToken, 'POST'), 401);
  const health = await tcpRequest(port, '/v1/health', { authorization: `Bearer ${scrapeToken}` });
  t.same(JSON.parse(health.text), { status: 'ok' });
  const next = randomBytes(24).toString('hex');
  writeFileSync(file, next);
  await until('the new token is valid', async () => (await status('/metrics', next)) === 200);
  t.equal(await status('/metrics', scrapeToken), 401, 'the old token is not valid');
  chmodSync(file, 0o644);
  await until(
    'a file that others can read is not used',
    async () => (await status('/metrics', next)) === 401,
  );
  const logs = async (): Promise<string> => (await box.escrow(['daemon', 'logs'])).stdout;
  t.match(await logs(), /cannot use the scrape token/);
  chmodSync(file, 0o600);
  writeFileSync(file, 'short');
  await until('a short token is not used', async () => {
    t.equal(await status('/metrics', 'short'), 401);
    return /does not contain 32 to 200 printable characters/.test(await logs());
  });
  t.equal((await listenerOf(box)).token, token);
});

void t.test('measures requests to AWS by operation and result', async (t) => {
  const seen: object[] = [];
  t.teardown(onMeasurement('awsRequest', (one) => seen.push(one)));
  const client = measured(
    new STSClient({
      region: 'eu-west-1',
      endpoint: 'http://127.0.0.1:1', // nothing listens there
      credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
      maxAttempts: 1,
    }),
  );
  await t.rejects(client.send(new GetCallerIdentityCommand()));
  t.same(seen, [{ operation: 'GetCallerIdentity', result: 'unreachable' }]);
});
