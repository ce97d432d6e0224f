// A server as people start it, with an identity provider in its configuration: the bundle contains the client of the provider.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { freePorts } from '../../../support/free-ports.ts';
import { launcher } from '../../../support/sandbox.ts';
import { IdentityProvider } from '../../../support/server/identity-provider.ts';
import { TeamServer } from '../../../support/server/team-server.ts';
import { TeamBrowser } from '../../../support/team-browser.ts';

t.setTimeout(300_000);

void t.test('signs a person in with the identity provider of the configuration', async (t) => {
  const [port = 0] = await freePorts(1);
  const origin = `https://localhost:${String(port)}`;
  const provider = await IdentityProvider.start(t, origin);
  const server = new TeamServer(t);
  server.box.command = [launcher];
  server.box.env['NF_ESCROW_NODE'] = process.execPath;
  const clientSecretFile = join(server.box.directory, 'client-secret');
  writeFileSync(clientSecretFile, `${provider.clientSecret}\n`, { mode: 0o600 });
  const oidc = {
    ...{ issuer: provider.issuer, clientId: provider.clientId, clientSecretFile },
    ...{ caFile: provider.authority.caFile, allowedDomains: ['example.org'] },
  };
  server.configure({ listen: `127.0.0.1:${String(port)}`, publicUrl: origin, oidc });
  await server.init();
  await server.start();
  const browser = new TeamBrowser(
    (path, { method = 'GET', body, headers = {} }) =>
      server.request(
        path,
        { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) },
      ),
    origin,
  );
  provider.person = { sub: '1', email: 'ada@example.org', email_verified: true };
  await browser.session();
  const started = await browser.send('POST', '/v1/sign-in/provider', { recent: true, returnTo: 'device' });
  const { location } = JSON.parse(started.text) as { location: string };
  const { pathname, search } = new URL(await provider.follow(location));
  const answer = await browser.send('GET', `${pathname}${search}`, undefined, {
    'sec-fetch-site': 'cross-site',
  });
  t.match([answer.status, answer.headers.location], [303, '/device'], answer.text);
  t.match(await browser.session(), { user: 'ada', isRecent: true, provider: new URL(provider.issuer).host });
  t.match((await browser.send('GET', '/device')).text, 'Approve a terminal', 'the package has the pages');
  provider.stop();
  const away = await browser.send('POST', '/v1/sign-in/provider', {});
  t.equal(away.status, 200, 'the description of the provider is known for some minutes');
  const failing = await browser.send('GET', `${pathname}${search}`);
  t.equal(failing.status, 403, 'a replayed response');
  const text = JSON.stringify(server.lines);
  for (const canary of [provider.clientSecret, new URL(location).searchParams.get('state') ?? '-'])
    t.notOk(text.includes(canary), 'the log contains no secret of a sign-in');
});

void t.test('does not start with a client secret that others can read', async (t) => {
  const server = new TeamServer(t);
  server.box.command = [launcher];
  server.box.env['NF_ESCROW_NODE'] = process.execPath;
  const clientSecretFile = join(server.box.directory, 'client-secret');
  writeFileSync(clientSecretFile, 'canary-of-the-client\n', { mode: 0o644 });
  await server.init();
  server.configure({ oidc: { issuer: 'https://id.example.org', clientId: 'x', clientSecretFile } });
  const { status, stdout, stderr } = await server.launch().ended;
  t.match([status, stderr], [77, /client secret file.*others can access it/s]);
  t.notMatch(stdout + stderr, 'canary-of-the-client');
});
