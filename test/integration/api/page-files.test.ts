import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import t from 'tap';
import type { Problem } from '../../../daemon/contract/types.ts';
import { exchange } from '../../support/exchange.ts';
import { openDashboard, signIn } from '../../support/page.ts';
import { root, Sandbox } from '../../support/sandbox.ts';

const TRAVERSALS = [
  '/../package.json',
  '/assets/../../package.json',
  '/assets/%2e%2e/manifest.json',
  '/assets/..%2fmanifest.json',
  '/assets/..\\manifest.json',
  '//etc/passwd',
  '/manifest.json',
  '/THIRD_PARTY_LICENSES',
  '/index.html.br',
  '/assets/',
  '/assets',
  '/__proto__',
  '/%00',
  '/assets/page.js',
];

const { PAGE_BYTES_MAX } = (await import(pathToFileURL(join(root, 'scripts/page-size.mjs')).href)) as {
  readonly PAGE_BYTES_MAX: number;
};

interface Manifest {
  readonly files: readonly { readonly path: string; readonly file: string }[];
}

const { files } = manifestOf('dist/page');

function manifestOf(page: string): Manifest {
  return JSON.parse(readFileSync(join(root, page, 'manifest.json'), 'utf8')) as Manifest;
}

void t.test('the page of a daemon and that of a team server fit into 60 KB each, compressed', (t) => {
  for (const page of ['dist/page', 'dist/team-page']) {
    const sizes = manifestOf(page).files.map(
      ({ file }) => readFileSync(join(root, page, `${file}.br`)).length,
    );
    const total = sizes.reduce((sum, size) => sum + size, 0);
    t.ok(total <= PAGE_BYTES_MAX, `${page}: ${String(total)} bytes`);
  }
  t.end();
});

void t.test('a development page is not built into the package', (t) => {
  for (const { file } of files)
    t.notMatch(readFileSync(join(root, 'dist/page', file), 'utf8'), /components of this page/);
  t.end();
});

void t.test('serves the page with a strict policy, without a token', async (t) => {
  const box = new Sandbox(t);
  const { port } = await openDashboard(box);
  const { status, headers, text } = await exchange({ port }, 'GET', '/');
  t.equal(status, 200);
  t.match(headers, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  });
  const policy = String(headers['content-security-policy']);
  t.match(policy, /^default-src 'none'; /);
  t.match(policy, /frame-ancestors 'none'/);
  t.notMatch(policy, /unsafe|\*|https?:/);
  for (const [, script = ''] of text.matchAll(/<script>(.*?)<\/script>/gs))
    t.ok(
      policy.includes(`'sha256-${createHash('sha256').update(script).digest('base64')}'`),
      'inline script',
    );
  t.notMatch(text, /(src|href)="(\/|https?:)/, 'addresses are relative, so that the page works below a path');

  for (const [, path = '', algorithm = '', digest] of text.matchAll(
    /(?:src|href)="(assets\/[^"]+)" integrity="(\w+)-([^"]+)"/g,
  )) {
    const asset = await exchange({ port }, 'GET', `/${path}`);
    t.equal(asset.headers['cache-control'], 'public, max-age=31536000, immutable', path);
    t.equal(createHash(algorithm).update(asset.bytes).digest('base64'), digest, 'its content has the hash');
    const packed = await exchange({ port }, 'GET', `/${path}`, { 'accept-encoding': 'gzip, br' });
    t.equal(packed.headers['content-encoding'], 'br');
    t.same(brotliDecompressSync(packed.bytes), asset.bytes);
    const gzip = await exchange({ port }, 'GET', `/${path}`, { 'accept-encoding': 'gzip' });
    t.same(gunzipSync(gzip.bytes), asset.bytes);
    const cached = await exchange({ port }, 'GET', `/${path}`, {
      'if-none-match': String(asset.headers.etag),
    });
    t.match([cached.status, cached.bytes.length], [304, 0]);
    const head = await exchange({ port }, 'HEAD', `/${path}`);
    t.match(
      [head.status, head.bytes.length, head.headers['content-length']],
      [200, 0, String(asset.bytes.length)],
    );
  }
});

void t.test('serves only the files that the build listed', async (t) => {
  const box = new Sandbox(t);
  const { port, code } = await openDashboard(box);
  const { token } = await signIn({ port }, code);
  for (const path of TRAVERSALS) {
    t.equal((await exchange({ port }, 'GET', path)).status, 401, path);
    const { status } = await exchange({ port }, 'GET', path, { authorization: `Bearer ${token}` });
    t.ok(status === 404 || status === 400, `${path}: ${String(status)}`);
  }
  t.equal((await exchange({ port }, 'POST', '/')).status, 401, 'only GET and HEAD');
});

void t.test('accepts only requests of the page that the daemon serves', async (t) => {
  const box = new Sandbox(t);
  const { port, code } = await openDashboard(box);
  const { token } = await signIn({ port }, code);
  const own = `http://127.0.0.1:${String(port)}`;
  const attempt = async (headers: Record<string, string>): Promise<readonly [number, string]> => {
    const { status, text } = await exchange({ port }, 'GET', '/v1/runs', {
      authorization: `Bearer ${token}`,
      ...headers,
    });
    return [status, status === 200 ? '' : (JSON.parse(text) as Problem).code];
  };
  t.equal((await attempt({ origin: own, 'sec-fetch-site': 'same-origin' }))[0], 200);
  t.equal((await attempt({ origin: own }))[0], 200, 'a browser without Sec-Fetch-Site');
  const behindProxy = { origin: 'https://ondemand.example.org', 'sec-fetch-site': 'same-origin' };
  t.equal((await attempt(behindProxy))[0], 200, 'a proxy that replaces the host');
  for (const headers of [
    { origin: 'http://127.0.0.1:1' },
    { origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' },
    { origin: own, 'sec-fetch-site': 'same-site' },
    { origin: 'null' },
    { host: 'evil.example', origin: 'http://evil.example', 'sec-fetch-site': 'same-origin' },
  ])
    t.same(await attempt(headers), [403, 'origin-forbidden'], JSON.stringify(headers));
});

void t.test('the socket of commands serves no page, and accepts no request of any page', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  t.equal((await box.http('GET', '/')).status, 404);
  t.equal(
    (await box.http('GET', '/v1/runs', undefined, { origin: 'http://localhost', host: 'localhost' })).status,
    403,
  );
});
