// What the API refuses before an operation runs: methods, media types, bodies and parameters that it does not have.
import t from 'tap';
import { operations } from '../../../daemon/api/operations/operations.ts';
import type { Problem } from '../../../daemon/contract/types.ts';
import { codeOf, type Answer } from '../../support/http.ts';
import { Sandbox } from '../../support/sandbox.ts';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const filled = (path: string): string => path.replaceAll(/\{\w+\}/g, 'local');

void t.test('rejects what an operation does not take', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);

  await t.test('a method that the path does not have', async (t) => {
    for (const path of new Set(operations.map((one) => one.path))) {
      const own = operations.filter((one) => one.path === path).map((one) => one.method.toUpperCase());
      for (const method of METHODS.filter((one) => !own.includes(one))) {
        const answer = await box.http(method, filled(path));
        const isParameter = operations.some(
          (one) =>
            one.method.toUpperCase() === method &&
            new RegExp(`^${one.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(filled(path)),
        );
        if (isParameter) continue; // `/v1/runs/prune` can also be a run of that name
        t.equal(answer.status, 405, `${method} ${path}`);
        t.equal(codeOf(answer), 'method-not-allowed');
        for (const one of own) t.match(answer.headers['allow'], one);
      }
    }
    t.equal((await box.http('HEAD', '/v1/runs')).status, 200);
  });

  await t.test('an unknown query parameter', async (t) => {
    for (const { method, path, query, request } of operations.filter((one) => one.id !== 'stopDaemon')) {
      const body = request === undefined ? undefined : {};
      const answer = await box.http(method.toUpperCase(), `${filled(path)}?no_such=1`, body);
      t.equal(answer.status, 400, `${method} ${path}`);
      const { code, detail } = JSON.parse(answer.text) as Problem;
      t.equal(code, 'request-invalid');
      t.match(detail, 'Unknown query parameter: "no_such"', String(query));
    }
    for (const query of [
      'limit=1&limit=2',
      'limit=x',
      'limit=0',
      'limit=1e3',
      'state=none',
      'limit[]=1',
      'limit=',
    ])
      t.equal((await box.http('GET', `/v1/runs?${query}`)).status, 400, query);
    t.equal((await box.http('POST', '/v1/runs/r1/purge?force=yes')).status, 400);
  });

  await t.test('a body that is not JSON, too large, or not wanted', async (t) => {
    const put = (body: string, headers: Record<string, string>): Promise<Answer> =>
      box.http('PUT', '/v1/user/secrets/FOO_KEY', body, headers);
    const json = '{"value":"a value of the test"}';
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/json; charset=utf-16',
      '',
    ])
      t.match(await put(json, { 'content-type': type }), { status: 415 }, type);
    t.equal(codeOf(await put(json, { 'content-encoding': 'none-such' })), 'unsupported-media-type');
    for (const type of ['application/json', 'Application/JSON; charset="UTF-8"'])
      t.ok([200, 201].includes((await put(json, { 'content-type': type })).status), type);
    const large = await put(JSON.stringify({ value: 'x'.repeat(300_000) }), {});
    t.match(large, { status: 413 });
    t.equal(codeOf(large), 'payload-too-large');
    for (const { method, path } of operations.filter((one) => one.request === undefined)) {
      if (method === 'get') continue;
      const answer = await box.http(method.toUpperCase(), filled(path), {});
      t.equal(answer.status, 400, `${method} ${path}`);
      t.equal(codeOf(answer), 'request-invalid');
    }
    for (const { method, path, request, requestOptional } of operations) {
      if (request === undefined) continue;
      const unknown = await box.http(method.toUpperCase(), filled(path), { no_such: 1 });
      t.equal(unknown.status, 400, `${method} ${path}`);
      t.equal(codeOf(unknown), 'request-invalid');
      if (requestOptional !== true)
        t.equal(
          (await box.http(method.toUpperCase(), filled(path))).status,
          400,
          `${method} ${path}: no body`,
        );
    }
    for (const body of ['null', '[]', '"x"', '1', '{']) t.equal((await put(body, {})).status, 400, body);
  });

  await t.test('an Accept header that excludes the response', async (t) => {
    const accepting = (accept: string, path = '/v1/runs'): Promise<Answer> =>
      box.http('GET', path, undefined, { accept });
    for (const accept of ['text/html', 'application/xml, text/*', 'application/json;q=0'])
      t.match(await accepting(accept), { status: 406 }, accept);
    for (const accept of ['*/*', 'application/json', 'application/*', 'text/html, */*;q=0.1', ''])
      t.match(await accepting(accept), { status: 200 }, accept);
    t.equal((await accepting('text/html', '/v1/openapi.json')).status, 406);
  });
});
