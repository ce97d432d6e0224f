// Requests that no HTTP client sends: what two parsers could read differently, and what is slow or too large.
import { createServer } from 'node:http';
import type { NetConnectOpts } from 'node:net';
import t from 'tap';
import { createHttpServer } from '../../../daemon/api/listeners/http-server.ts';
import { validate } from '../../../daemon/contract/validate.ts';
import type { Problem } from '../../../daemon/contract/types.ts';
import { listenOnLoopback } from '../../support/listen-on-loopback.ts';
import { Sandbox } from '../../support/sandbox.ts';
import { openListener, rawExchange } from '../../support/tcp.ts';

interface Parsed {
  readonly status: number;
  readonly code: string;
}

/** Splits what the server sent into responses. Each has a Content-Length. */
function responses(received: string): Parsed[] {
  const found: Parsed[] = [];
  for (let rest = received; rest !== '';) {
    const head = /^HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n(.*?)\r\n\r\n/s.exec(rest);
    const length = Number(/^content-length: *(\d+)$/im.exec(head?.[2] ?? '')?.[1] ?? NaN);
    if (head === null || Number.isNaN(length)) throw new Error(`Not a response: ${rest.slice(0, 300)}`);
    const body = rest.slice(head[0].length, head[0].length + length);
    const parsed = JSON.parse(body) as Partial<Problem>;
    if (Number(head[1]) >= 400) validate<'Problem'>('problem.json', parsed);
    found.push({ status: Number(head[1]), code: parsed.code ?? '' });
    rest = rest.slice(head[0].length + length);
  }
  return found;
}

const JSON_TYPE = 'Content-Type: application/json\r\n';
const INVALID = { status: 400, code: 'request-invalid' };

void t.test('answers malformed requests with problem documents, over TCP and the socket', async (t) => {
  const box = new Sandbox(t);
  const { port, token } = await openListener(box);
  const listeners: [string, NetConnectOpts, string][] = [
    ['TCP', { port, host: '127.0.0.1' }, `Host: localhost\r\nAuthorization: Bearer ${token}\r\n`],
    ['socket', { path: box.socket }, 'Host: localhost\r\n'],
  ];
  for (const [name, to, headers] of listeners)
    await t.test(name, async (t) => {
      const get = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\n${headers}${more}\r\n`;
      const put = `PUT /v1/user/secrets/RAW_KEY HTTP/1.1\r\n${headers}${JSON_TYPE}`;
      const smuggled = get('/v1/daemon', 'Connection: close\r\n');
      const cases: [string, string | Buffer, Partial<Parsed>][] = [
        [
          'Content-Length and chunked',
          `${put}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
          INVALID,
        ],
        ['two lengths', `${put}Content-Length: 4\r\nContent-Length: 5\r\n\r\nnull${smuggled}`, INVALID],
        ['a list of lengths', `${put}Content-Length: 4, 5\r\n\r\nnull${smuggled}`, INVALID],
        ['a signed length', `${put}Content-Length: +4\r\n\r\nnull${smuggled}`, INVALID],
        ['a hexadecimal length', `${put}Content-Length: 0x4\r\n\r\nnull${smuggled}`, INVALID],
        ['a negative length', `${put}Content-Length: -1\r\n\r\n`, INVALID],
        ['a length beyond 64 bits', `${put}Content-Length: 99999999999999999999\r\n\r\n`, INVALID],
        ['a space before the colon', `${put}Content-Length : 4\r\n\r\nnull${smuggled}`, INVALID],
        ['a folded header', `${put}X-A: b\r\n Content-Length: 4\r\n\r\nnull${smuggled}`, INVALID],
        [
          'an unknown transfer coding',
          `${put}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`,
          INVALID,
        ],
        [
          'chunked is not the last coding',
          `${put}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${smuggled}`,
          INVALID,
        ],
        [
          'a coding with a control character',
          `${put}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n${smuggled}`,
          INVALID,
        ],
        ['a chunk size that is not a number', `${put}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`, INVALID],
        ['a negative chunk size', `${put}Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n`, INVALID],
        [
          'a chunk size beyond 64 bits',
          `${put}Transfer-Encoding: chunked\r\n\r\n${'f'.repeat(17)}\r\n`,
          INVALID,
        ],
        [
          'a chunk longer than announced',
          `${put}Transfer-Encoding: chunked\r\n\r\n2\r\nabcdef\r\n0\r\n\r\n`,
          INVALID,
        ],
        [
          'a line feed as line end of a chunk',
          `${put}Transfer-Encoding: chunked\r\n\r\n4\nnull\n0\n\n`,
          INVALID,
        ],
        [
          'endless chunk extensions',
          `${put}Transfer-Encoding: chunked\r\n\r\n4;${'x'.repeat(40_000)}\r\nnull\r\n0\r\n\r\n`,
          { status: 413, code: 'payload-too-large' },
        ],
        [
          'large headers',
          get('/v1/health', `X-A: ${'x'.repeat(20_000)}\r\n`),
          { status: 431, code: 'headers-too-large' },
        ],
        ['a long path', get(`/${'x'.repeat(20_000)}`), { status: 431, code: 'headers-too-large' }],
        ['a NUL in a header', get('/v1/health', 'X-A: a\0b\r\n'), INVALID],
        ['a bare carriage return', get('/v1/health', 'X-A: a\rX-B: c\r\n'), INVALID],
        ['HTTP/0.9', 'GET /v1/health\r\n\r\n', { status: 403, code: 'origin-forbidden' }],
        ['an unknown version', `GET /v1/health HTTP/9.9\r\n${headers}\r\n`, INVALID],
        ['an unknown method', `BREW /v1/health HTTP/1.1\r\n${headers}\r\n`, INVALID],
        ['a TLS handshake', Buffer.from('160301020001000001fc0303', 'hex'), INVALID],
        ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', INVALID],
        [
          'CONNECT',
          `CONNECT evil.example:443 HTTP/1.1\r\n${headers}\r\n`,
          { status: 405, code: 'method-not-allowed' },
        ],
        [
          'two hosts',
          get('/v1/health', 'Host: evil.example\r\nConnection: close\r\n'),
          { status: 403, code: 'origin-forbidden' },
        ],
        [
          'no host',
          'GET /v1/health HTTP/1.1\r\nConnection: close\r\n\r\n',
          { status: 403, code: 'origin-forbidden' },
        ],
        [
          'an authority of another host',
          get('http://evil.example/v1/health', 'Connection: close\r\n'),
          { status: 403, code: 'origin-forbidden' },
        ],
      ];
      for (const [what, bytes, expected] of cases) {
        const [first, ...more] = responses(await rawExchange(to, [bytes]));
        t.match(first, expected, what);
        t.same(more, [], `${what}: the rest of the connection is not a request`);
      }
      const missing = await box.http('DELETE', '/v1/user/secrets/RAW_KEY');
      t.equal(missing.status, 404, 'no malformed request set the secret');
    });

  for (const [name, to, headers] of listeners)
    await t.test(`pipelined requests on ${name}`, async (t) => {
      const get = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\n${headers}${more}\r\n`;
      const many = [
        ...Array.from({ length: 100 }, (_, index) => get(index % 2 === 0 ? '/v1/ready' : '/v1/none')),
        get('/v1/ready', 'Connection: close\r\n'),
      ];
      const found = responses(await rawExchange(to, [many.join('')])).map(({ status }) => status);
      t.same(
        found,
        [...Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? 200 : 404)), 200],
        'in order',
      );
      const broken = responses(await rawExchange(to, [`${get('/v1/ready')}${get('/v1/ready')}\0\r\n\r\n`]));
      t.ok(broken.length <= 3, 'one response for each request');
      t.same(
        broken.filter(({ status }) => status >= 500),
        [],
        'garbage after requests does not fail them',
      );
      const body = `GET /v1/ready HTTP/1.1\r\n${headers}Content-Length: 4\r\n\r\nGET `;
      t.same(
        responses(await rawExchange(to, [`${body}${get('/v1/ready', 'Connection: close\r\n')}`])).map(
          ({ status }) => status,
        ),
        [400, 200],
        'the body of a GET request is not taken for a request',
      );
    });
});

void t.test('limits the time for headers and bodies, and the time without data', async (t) => {
  const server = createHttpServer(
    (request, response) => {
      request
        .on('data', () => undefined)
        .on('end', () => {
          if (request.url !== '/never') response.end('{}');
        });
    },
    { headersMs: 300, requestMs: 600, silenceMs: 1000, checkMs: 50 },
  );
  const to = { host: '127.0.0.1', port: await listenOnLoopback(server) };
  t.teardown(() => server.close());
  const late = [{ status: 408, code: 'request-timeout' }];
  t.same(responses(await rawExchange(to, ['GET / HT'])), late, 'slow headers');
  t.same(
    responses(await rawExchange(to, ['PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n123'])),
    late,
    'a slow body',
  );
  t.same(
    responses(
      await rawExchange(to, ['PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n1']),
    ),
    late,
    'a slow chunk',
  );
  t.same(responses(await rawExchange(to, [])), late, 'a connection without a request');
  t.equal(await rawExchange(to, ['GET /never HTTP/1.1\r\nHost: a\r\n\r\n']), '', 'no byte moves');
  const defaults = createHttpServer(() => undefined);
  t.ok(defaults.headersTimeout <= 10_000 && defaults.requestTimeout <= 30_000 && defaults.timeout > 0);
  t.equal(createServer().timeout, 0, 'Node itself does not limit silence');
});

void t.test('never takes the error of a later request for the response to an earlier one', async (t) => {
  const server = createHttpServer((_request, response) => {
    setTimeout(() => response.end('{"slow":true}'), 200);
  });
  const to = { host: '127.0.0.1', port: await listenOnLoopback(server) };
  t.teardown(() => server.close());
  const received = await rawExchange(to, ['GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'garbage\r\n\r\n']);
  t.match(received, /^HTTP\/1\.1 200 /);
  t.match(received, '{"slow":true}');
  t.notMatch(received, 'HTTP/1.1 400');
});
