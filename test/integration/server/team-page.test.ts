// The files of the page of a team server, and their headers.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { root } from '../../support/sandbox.ts';
import { TeamServer } from '../../support/server/team-server.ts';

const { files } = JSON.parse(readFileSync(join(root, 'dist/team-page/manifest.json'), 'utf8')) as {
  readonly files: readonly { readonly path: string }[];
};

void t.test('serves the page with a policy that names its scripts, without a session', async (t) => {
  const server = new TeamServer(t);
  await server.init();
  await server.start();
  const { status, headers, text } = await server.request('/', { 'sec-fetch-site': 'cross-site' });
  t.equal(status, 200, 'a link in a message opens it');
  t.match(headers, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
  });
  const policy = String(headers['content-security-policy']);
  const scripts = files
    .filter(({ path }) => path.endsWith('.js'))
    .map(({ path }) => `https://localhost${path}`);
  t.equal(scripts.length, 2);
  t.ok(policy.includes(`script-src ${scripts.join(' ')};`), policy);
  t.match(policy, /default-src 'none'.*frame-ancestors 'none'.*require-trusted-types-for 'script'/);
  t.notMatch(policy, /unsafe|script-src[^;]*'self'|sha256-/);
  t.notMatch(text, /<script(?![^>]*src=)/, 'no inline script');
  t.notMatch(text, /<style|style=| on[a-z]+=/);
  for (const { path } of files.filter((one) => one.path !== '/')) {
    t.ok(text.includes(path.slice(1)), path);
    const asset = await server.request(path);
    t.equal(asset.status, 200);
    t.match(asset.headers['cache-control'], /immutable/);
  }
  for (const path of [
    '/manifest.json',
    '/assets/',
    '/assets/..%2fmanifest.json',
    '/index.html',
    '/THIRD_PARTY_LICENSES',
  ])
    t.ok([401, 404].includes((await server.request(path)).status), path);
  t.equal((await server.request('/', {}, { method: 'POST' })).status, 401);
});
