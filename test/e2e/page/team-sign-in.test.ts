// The sign-in pages of a team server in a browser, and pages of other origins that attack them.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import type { DeviceAuthorization, TokenList } from '../../../daemon/contract/types.ts';
import { startBrowser, type TestBrowser } from '../../support/browser.ts';
import { freePorts } from '../../support/free-ports.ts';
import { listenOnLoopback } from '../../support/listen-on-loopback.ts';
import { violationsOn } from '../../support/page-checks.ts';
import { until } from '../../support/sandbox.ts';
import { TeamServer } from '../../support/server/team-server.ts';

t.setTimeout(600_000);

interface Ground {
  readonly server: TeamServer;
  readonly browser: TestBrowser;
  readonly origin: string;
  /** Creates a sign-in link of the administrator. */
  readonly link: () => Promise<string>;
}

async function start(t: Test): Promise<Ground | undefined> {
  const browser = await startBrowser(t, { context: { ignoreHTTPSErrors: true } });
  if (browser === undefined) return undefined;
  const server = new TeamServer(t);
  const [port = 0] = await freePorts(1);
  const origin = `https://localhost:${String(port)}`;
  server.configure({ listen: `127.0.0.1:${String(port)}`, publicUrl: origin });
  await server.escrow(['serve', 'init', '--name', 'ada', '--print-token']);
  await server.start();
  const link = async (): Promise<string> => {
    const { status, stdout, stderr } = await server.escrow(['serve', 'user', 'sign-in-link', 'ada']);
    if (status !== 0) throw new Error(stderr);
    return stdout.trim();
  };
  return { server, browser, origin, link };
}

async function signIn({ browser, link }: Ground): Promise<Page> {
  const page = await browser.open(await link());
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
  return page;
}

async function accessibilityOf(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return violationsOn(page);
}

void t.test('signs in with a link, approves a terminal, and signs out', async (t) => {
  const ground = await start(t);
  if (ground === undefined) return;
  const { browser, origin, server, link } = ground;
  const address = await link();
  const secret = address.split('#')[1] ?? '';
  for (let count = 0; count < 2; count += 1) await (await browser.open(address)).close(); // opening it does not use it up
  const page = await browser.open(address);
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  t.notOk(page.url().includes(secret), 'the secret is not in the address');
  t.same(await accessibilityOf(page), []);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
  const [cookie, ...more] = await browser.context.cookies();
  t.same(more, []);
  const attributes = { secure: true, httpOnly: true, sameSite: 'Lax', path: '/', domain: 'localhost' };
  t.match(cookie, { name: '__Host-nf-escrow-session', ...attributes });
  t.notOk(browser.responses.some(({ text }) => text.includes(cookie?.value ?? '-') || text.includes(secret)));

  const requested = await server.request(
    '/v1/device-authorizations',
    { 'content-type': 'application/json' },
    {
      ...{ method: 'POST', body: JSON.stringify({ hostName: 'login1' }) },
    },
  );
  const { userCode, deviceCode } = JSON.parse(requested.text) as DeviceAuthorization;
  await page.goto(`${origin}/device`);
  await page.getByLabel('Code that your terminal shows').fill('BCDF-GHJK');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('the code is wrong').waitFor();
  await page.getByLabel('Code that your terminal shows').fill(userCode.toLowerCase());
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('login1').waitFor();
  await page.getByText('read, launch').waitFor();
  t.same(await accessibilityOf(page), []);
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByText('Approved. Return to your terminal.').waitFor();
  const polled = await server.request(
    '/v1/device-tokens',
    { 'content-type': 'application/json' },
    {
      ...{ method: 'POST', body: JSON.stringify({ deviceCode }) },
    },
  );
  t.equal(polled.status, 201, polled.text);

  await page.goto(`${origin}/sign-in`);
  await page.getByText('You have signed in as ada.').waitFor();
  await page.getByText(`nf-escrow login ${origin}`).waitFor();
  await page.getByRole('button', { name: 'Open nf-escrow' }).click();
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
  await page.goto(`${origin}/sign-in`);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('Ask an administrator of the server').waitFor();
  t.same(await browser.context.cookies(), []);
  const unexpected = browser.messages.filter(
    (message) => !message.startsWith('error Failed to load resource'),
  );
  t.same(unexpected, [], 'no error and no violation of the policy');
});

void t.test('no page of another origin can use the session or show the server in a frame', async (t) => {
  const ground = await start(t);
  if (ground === undefined) return;
  const { browser, origin, server } = ground;
  const own = await signIn(ground);
  const { certificateFile, keyFile } = server.authority.issue();
  const attacker = createServer(
    { cert: readFileSync(certificateFile), key: readFileSync(keyFile) },
    (_request, response) =>
      response.setHeader('content-type', 'text/html').end('<!doctype html><title>x</title>'),
  );
  const port = await listenOnLoopback(attacker);
  t.teardown(() => {
    attacker.close();
    attacker.closeAllConnections();
  });
  const tokens = async (): Promise<number> => {
    const text = await own.evaluate("fetch('/v1/tokens').then((response) => response.text())");
    return (JSON.parse(text as string) as TokenList).tokens.length;
  };
  const before = await tokens();
  const body = JSON.stringify({ name: 'stolen', scopes: ['manage'] });
  // The same host at another port sends cookies, and the other one is another site.
  for (const host of ['localhost', '127.0.0.1']) {
    const page = await browser.open(`https://${host}:${String(port)}/`);
    const attempts = {
      json: `fetch('${origin}/v1/tokens', { method: 'POST', credentials: 'include', body: '${body}', headers: { 'content-type': 'application/json' } })`,
      simple: `fetch('${origin}/v1/tokens', { method: 'POST', credentials: 'include', mode: 'no-cors', body: '${body}' })`,
      read: `fetch('${origin}/v1/session', { credentials: 'include' }).then((response) => response.text())`,
    };
    for (const [name, script] of Object.entries(attempts)) {
      const result = await page.evaluate(
        `${script}.then((value) => String(value.type ?? value), () => 'refused')`,
      );
      t.ok(['refused', 'opaque'].includes(result as string), `${host} ${name}: ${String(result)}`);
    }
    for (const path of ['/', '/device', '/sign-in', '/v1/session']) {
      await page.evaluate(`new Promise((resolve) => {
        const frame = document.createElement('iframe');
        frame.onload = resolve;
        frame.src = '${origin}${path}';
        document.body.append(frame);
      })`);
      const frame = page.frames().at(-1);
      t.notMatch(await frame?.content(), /<main>|csrfToken|id="page"/, `${host}: no frame of ${path}`);
    }
    // A form in a new tab: a navigation, which sends the cookie only for GET.
    await page.evaluate(`(() => {
      const form = document.createElement('form');
      Object.assign(form, { method: 'POST', action: '${origin}/v1/tokens', enctype: 'text/plain' });
      const input = document.createElement('input');
      Object.assign(input, { name: '{"name":"stolen","scopes":["manage"],"x":"', value: '"}' });
      form.append(input);
      document.body.append(form);
      form.submit();
    })()`);
    await until('the answer to the form', async () =>
      (await page.content().catch(() => '')).includes('origin-forbidden'),
    );
  }
  t.equal(await tokens(), before, 'nothing was created');
  t.ok(
    browser.messages.some((message) => /frame-ancestors|X-Frame-Options/.test(message)),
    'the browser says why',
  );
});
