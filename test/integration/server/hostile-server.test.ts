// A client of a team server believes nothing that the server answers: the server may be hostile, or something else.
import type { RequestListener, ServerResponse } from 'node:http';
import t, { type Test } from 'tap';
import { readAll } from '../../../daemon/api-client/read-all.ts';
import type { ServerClient } from '../../../daemon/api-client/https/server-client.ts';
import { EscrowError } from '../../../daemon/errors.ts';
import { Authority } from '../../support/server/authority.ts';
import { clientOf, serveHttps } from '../../support/server/https-server.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const MIB = 1024 * 1024;
const PAGE = 1000;
const UNREADABLE = { code: 'server-unreachable' };

async function serverThat(
  t: Test,
  answer: RequestListener,
  options: { readonly totalMax?: number } = {},
): Promise<ServerClient> {
  const authority = new Authority(temporaryDirectory(t));
  const { port } = await serveHttps(t, authority.issue(), answer);
  const { caFile } = authority;
  return clientOf(t, `https://localhost:${String(port)}`, { caFile, ...options });
}

function sendJson(response: ServerResponse, body: object, status = 200): void {
  const type = status < 400 ? 'application/json' : 'application/problem+json';
  response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));
}

void t.test('a response that switches protocols is an error', async (t) => {
  const client = await serverThat(t, ({ socket }) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n');
  });
  await t.rejects(client.call('GET', '/v1/ready'), { ...UNREADABLE, message: /protocol/ });
});

void t.test('a list whose pages are not those of the API is an error', async (t) => {
  const full = Array.from({ length: PAGE }, () => ({}));
  const pages: [string, object][] = [
    ['no list', {}],
    ['a text in place of the list', { items: 'canary' }],
    ['more items than requested', { items: [...full, {}] }],
    ['an empty page with a further one', { items: [], next: 'c' }],
    ['a page that is not full with a further one', { items: [{}], next: 'c' }],
    ['a cursor that is no text', { items: full, next: 7 }],
    ['no object', [1]],
  ];
  for (const [what, page] of pages) {
    let requests = 0;
    const client = await serverThat(t, (_request, response) => {
      requests += 1;
      if (requests > 3) response.destroy();
      else sendJson(response, page);
    });
    await t.rejects(readAll(client, '/v1/items', 'items'), UNREADABLE, what);
    t.equal(requests, 1, what);
  }
});

void t.test('a server cannot fill the memory with pages', async (t) => {
  for (const filling of ['x'.repeat(MIB / PAGE), '']) {
    let requests = 0;
    const items = Array.from({ length: PAGE }, () => filling);
    const answer: RequestListener = (_request, response) => {
      requests += 1;
      if (requests > 100) response.destroy();
      else sendJson(response, { items, next: `c${String(requests)}` });
    };
    const client = await serverThat(t, answer, { totalMax: 4 * MIB });
    await t.rejects(readAll(client, '/v1/items', 'items'), { ...UNREADABLE, message: /too much/ });
    t.ok(requests < 100, `${String(requests)} pages`);
  }
});

void t.test('an error of a server has texts of a limited length', async (t) => {
  const long = 'x'.repeat(MIB);
  const problems: [object, RegExp][] = [
    [{ code: 'not-permitted', detail: long, hint: long, field: long }, /^x+…$/],
    [{ code: 'not-permitted', detail: { toString: 1 }, hint: 7, field: [] }, /not a problem document/],
    [{ code: 'constructor', detail: 'A detail.' }, /^A detail\.$/],
    [{ code: { toString: 1 } }, /not a problem document/],
  ];
  for (const [problem, message] of problems) {
    const client = await serverThat(t, (_request, response) => {
      sendJson(response, problem, 403);
    });
    const error: unknown = await client.call('GET', '/').catch((thrown: unknown) => thrown);
    if (!(error instanceof EscrowError)) {
      t.fail(String(error));
      continue;
    }
    t.match(error.message, message);
    t.ok(error.message.length <= 4001);
    t.ok(typeof error.hint === 'string' && error.hint.length <= 4001);
    t.ok((error.field ?? '').length <= 4001);
  }
});
