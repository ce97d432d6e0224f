import { array, constant, constantFrom, oneof, string, tuple, type Arbitrary } from 'fast-check';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { EventHub } from '../../../../daemon/api/events/event-hub.ts';
import { Sessions } from '../../../../daemon/access/sessions.ts';
import { IdempotentRequests } from '../../../../daemon/api/routing/idempotent-requests.ts';
import { RedirectFile } from '../../../../daemon/api/page/redirect-file.ts';
import { createServer } from '../../../../daemon/api/server.ts';
import { MetricsRecorder } from '../../../../daemon/api/metrics/recorder.ts';
import { listenOn } from '../../../../daemon/api/listeners/unix-listener.ts';
import { operations } from '../../../../daemon/api/operations/operations.ts';
import { platformGroup } from '../../../../daemon/api/seqera-platform/operations.ts';
import { API_PREFIX, isPlatformPath } from '../../../../daemon/api/seqera-platform/platform-paths.ts';
import type { PlatformError, Problem } from '../../../../daemon/contract/types.ts';
import { errorTable, EscrowError } from '../../../../daemon/errors.ts';
import { systemClock } from '../../../../daemon/system/time/clock.ts';
import { identifySelf } from '../../../../daemon/system/processes/process-identity.ts';
import { openModules } from '../engine.ts';
import { fromSchema } from '../from-schema.ts';
import { hold, NEEDLE, type Target } from '../target.ts';
import { platformRules } from '../../../../daemon/stores/registry.ts';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];
const part = oneof(
  constantFrom(
    'local',
    'main',
    'FOO_KEY',
    'BAR_KEY',
    'r1',
    'local',
    'x',
    '%00',
    '%ff',
    '..',
    '.',
    'a%2fb',
    '%zz',
    '__proto__',
    'import',
    'r',
    '1',
    '9223372036854775807',
  ),
  string({ unit: 'binary', maxLength: 8 })
    .filter((text) => !/[\ud800-\udfff]/.test(text))
    .map(encodeURIComponent),
);
const query = array(
  tuple(
    constantFrom(
      'limit',
      'state',
      'workspace',
      'before',
      'force',
      'remove',
      'preview',
      'workspaceId',
      'name',
      '__proto__',
      'a[b]',
    ),
    part,
  ),
  { maxLength: 2 },
).map((all) => (all.length === 0 ? '' : `?${all.map(([name, value]) => `${name}=${value}`).join('&')}`));
const header = oneof(
  { weight: 12, arbitrary: constant('') },
  {
    weight: 1,
    arbitrary: constantFrom(
      'content-type: text/plain\n',
      'content-encoding: gzip\n',
      'last-event-id: 1e400\n',
      'last-event-id: -5\n',
      'origin: http://x\n',
      'content-type: application/json; charset=utf-7\n',
    ),
  },
);

/** Requests to all routes: METHOD, path, headers, an empty line, body. */
const requests: Arbitrary<string> = oneof(
  ...[
    ...operations,
    ...platformGroup.operations,
    ...platformGroup.operations.map((one) => ({ ...one, path: API_PREFIX + one.path })),
  ].map(({ method, path, request: schema }) =>
    tuple(
      tuple(
        ...path
          .split('/')
          .slice(1)
          .map((piece) => (piece.startsWith('{') ? part : constant(piece))),
      ),
      query,
      header,
      schema === undefined ? constant(undefined) : fromSchema(`${schema}.json`),
    ).map(
      ([pieces, asked, first, body]) =>
        `${method.toUpperCase()} /${pieces.join('/')}${asked}\n${first}\n${body === undefined ? '' : toJson(body)}`,
    ),
  ),
);

/** Requests to the API, through its server on a socket. */
export const api: Target = {
  name: 'api',
  share: 15,
  arbitrary: requests,
  open: async (ground) => {
    const modules = await openModules(ground);
    const { ledger, vault, runs, deps } = modules;
    const nothing = (): undefined => undefined;
    const status = (): never =>
      ({
        process: identifySelf(),
        version: '0',
        startedAt: '',
        stateDirectory: '/',
        watching: runs.watching,
        memoryBytes: 0,
      }) as never;
    const none = (): Promise<never[]> => Promise.resolve([]);
    // A launch would start programs that the input names.
    const unprepared = (): Promise<never> =>
      Promise.reject(new EscrowError('launch-not-prepared', 'No launch is prepared here.'));
    const platformChecks = { 'aws-batch': { check: none, sweep: none, probe: none, policies: () => [] } };
    const app = createServer({
      version: '0',
      ledger,
      vault,
      runs,
      events: new EventHub(ledger.feed, ledger.changes, nothing),
      identify: () => deps.user,
      requests: new IdempotentRequests(ledger, () => randomBytes(32)),
      log: deps.log,
      platformRules,
      platformChecks,
      recorder: new MetricsRecorder(ledger, '0', () => 0),
      faults: deps.faults,
      examiner: { examine: none },
      launches: { preview: unprepared, start: unprepared, repeat: unprepared, parameterSchema: unprepared },
      tcp: { listen: () => Promise.resolve(), address: undefined },
      pageSocket: { path: join(ground.directory, 'page.sock'), open: () => Promise.resolve() },
      redirect: new RedirectFile(join(ground.directory, 'page.html')),
      sessions: new Sessions(join(ground.directory, 'page.sessions'), systemClock),
      readiness: () => Promise.resolve({ status: 'ready' }),
      status,
      stop: nothing,
      redact: (text) => text,
      touched: nothing,
    });
    const socketPath = join(ground.directory, 's');
    const server = await listenOn(app, socketPath);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    let count = 0;
    return {
      // Each passphrase costs half a second of CPU time by design, including those that the vault already has.
      limitMs: (input) => (/passphrase/.test(input.toString('latin1')) ? 10_000 : undefined),
      run: async (input) => {
        const { method, path, headers, body } = read(input, ground.needle, ground.directory);
        const answer = await send({ agent, socketPath, method, path, headers }, body);
        const log = modules.logged();
        if (answer.status >= 400 && method !== 'HEAD') {
          if (isPlatformPath(path.split('?')[0] ?? '')) holdPlatformError(answer);
          else holdProblem(answer, log);
        }
        hold(answer.status !== 500 || method !== 'HEAD', 'no internal error');
        count += 1;
        if (answer.status === 201 || count % 256 === 0) await endRuns(runs);
        return [answer.text, log];
      },
      check: async () => {
        await endRuns(runs);
        await modules.checkKept();
        const { items: open } = await runs.list({ limit: 100, state: 'open' });
        hold(
          open.every(({ pendingRemovals }) => pendingRemovals === 0),
          'an aborted run has no pending removals',
        );
        hold(
          !readdirSync(ground.directory).includes('runs') ||
            readdirSync(join(ground.directory, 'runs')).length === 0,
          'no run directory remains',
        );
        await runs.prune(0);
      },
      close: async () => {
        agent.destroy();
        await server.close();
        await modules.close();
      },
    };
  },
};

function holdProblem({ status, type, text }: Answer, log: string): void {
  hold(
    type.startsWith('application/problem+json'),
    `an error is a problem document: ${String(status)} ${type} ${text.slice(0, 200)}`,
  );
  const { code } = JSON.parse(text) as Problem;
  hold(code !== 'internal' && Object.hasOwn(errorTable, code), `an error is in the table: ${text} ${log}`);
}

function holdPlatformError({ status, type, text }: Answer): void {
  const what = `${String(status)} ${type} ${text.slice(0, 200)}`;
  hold([400, 403, 404, 405, 409].includes(status), `an error has a status of Seqera Platform: ${what}`);
  hold(type.startsWith('application/json'), `an error is JSON: ${what}`);
  const error = JSON.parse(text) as PlatformError;
  hold(
    typeof error.message === 'string' && Object.keys(error).length === 1,
    `an error is a message: ${what}`,
  );
}

/** Aborts the materialized runs, which no launcher starts. */
async function endRuns(runs: Awaited<ReturnType<typeof openModules>>['runs']): Promise<void> {
  for (const { id, state } of (await runs.list({ limit: 1000, state: 'open' })).items)
    if (state === 'materialized') {
      await runs.cancel(id);
      await runs.purge(id, { force: true, asked: true });
    }
}

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

function read(input: Buffer, needle: string, directory: string): Asked {
  const text = input.toString('latin1');
  const end = text.indexOf('\n\n');
  const [first = '', ...lines] = (end === -1 ? text : text.slice(0, end)).split('\n');
  const [method = '', path = ''] = first.split(' ');
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  for (const line of lines) {
    const [, name, value] = /^([a-z-]{1,40}): ([ -~]{1,200})$/.exec(line) ?? [];
    // Node's client rejects other headers, and would wait for the data that these announce.
    if (
      name !== undefined &&
      value !== undefined &&
      !/^(content-length|transfer-encoding|expect|connection|upgrade|host|trailer|te)$/.test(name)
    )
      headers[name] = value;
  }
  const address = `/${path.replace(/^\//, '').replace(/[^!-~]/g, (one) => `%${one.charCodeAt(0).toString(16).padStart(2, '0')}`)}`;
  const body = end === -1 ? '' : text.slice(end + 2);
  return {
    method: METHODS.includes(method) ? method : 'POST',
    path: address,
    headers,
    body: fill(Buffer.from(body, 'latin1'), needle, directory),
  };
}

/** Replaces the placeholder in values (not in keys), and keeps run directories in the temporary directory. */
function fill(body: Buffer, needle: string, directory: string): Buffer {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    return Buffer.from(
      body.toString('latin1').replaceAll(NEEDLE, needle).replaceAll('runsDirectory', 'runsDirectori'),
      'latin1',
    );
  }
  const filled = JSON.stringify(parsed, (key, value: unknown) => {
    if (key === 'runsDirectory' && typeof value === 'string')
      return join(directory, 'elsewhere', String(value.length));
    return typeof value === 'string' ? value.replaceAll(NEEDLE, needle) : value;
  });
  return Buffer.from(filled);
}

function toJson(value: unknown): string {
  return (
    JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? Number(one) : one)) || 'null'
  );
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

function send(options: object, body: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(options, (incoming) => {
      const { statusCode: status = 0, headers } = incoming;
      const type = headers['content-type'] ?? '';
      if (type.startsWith('text/event-stream')) {
        incoming.destroy(); // the stream lasts as long as the run
        resolve({ status, type, text: '' });
        return;
      }
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
      incoming.on('end', () => resolve({ status, type, text: Buffer.concat(chunks).toString('utf8') }));
    });
    outgoing.on('error', reject);
    if (body.length > 0) outgoing.setHeader('content-length', body.length);
    outgoing.end(body);
  });
}
