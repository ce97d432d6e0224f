// How a browser gets access to the daemon, keeps it, and loses it.
import { createServer } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import t from 'tap';
import { openPage, startBrowser } from '../../support/browser.ts';
import { openDashboard } from '../../support/page.ts';
import { Sandbox, until } from '../../support/sandbox.ts';

void t.test(
  'a link signs the tab in, and its code disappears from the address and the history',
  async (t) => {
    const browser = await startBrowser(t);
    if (browser === undefined) return;
    const box = new Sandbox(t);
    await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: 'a value of the test' });
    const { link, code, port } = await openDashboard(box);
    const page = await browser.open(link);
    await page.getByRole('link', { name: 'FOO_KEY' }).waitFor();
    t.notOk(page.url().includes(code));
    await page.goBack().catch(() => undefined);
    t.notOk(page.url().includes(code), 'an earlier entry of the history');
    await page.goto(`http://127.0.0.1:${String(port)}/`);
    await page.reload();
    await page.getByRole('link', { name: 'FOO_KEY' }).waitFor();

    const another = await browser.open(`http://127.0.0.1:${String(port)}/#/runs`);
    await another.getByRole('heading', { name: 'Runs', exact: true }).waitFor();
    t.pass('a new tab gets the session from an open one');
    t.same(await browser.context.cookies(), [], 'no cookies: all ports of a host share them');

    await another.getByRole('button', { name: 'Sign out' }).click();
    for (const one of [another, page]) await one.getByText('Open the dashboard from a terminal').waitFor();
    t.pass('signing out concerns all tabs');
    const late = await browser.open(link);
    await late.getByText('This link is no longer valid').waitFor();
    t.pass('a link works once');
  },
);

void t.test('signs out although the daemon does not answer', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const { page } = await openPage(new Sandbox(t), browser);
  await browser.context.setOffline(true);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('Open the dashboard from a terminal').waitFor();
  t.equal(await page.evaluate("sessionStorage.getItem('nf-escrow.session')"), null);
  const errors = browser.messages.filter((message) => !message.startsWith('error Failed to load resource'));
  t.same(errors, []);
});

void t.test('a tab whose sign-in failed retries until the daemon answers', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: 'a value of the test' });
  const sessions = '**/v1/sessions';
  const failToSignIn = async (): Promise<Page> => {
    await browser.context.route(sessions, (route) => route.abort());
    const { link, code } = await openDashboard(box);
    const page = await browser.open(link);
    await page.getByRole('heading', { name: 'The daemon does not answer' }).waitFor();
    t.notOk(page.url().includes(code), 'the code is not in the address');
    return page;
  };
  const waiting = await failToSignIn();
  await browser.context.unroute(sessions);
  await waiting.getByRole('link', { name: 'FOO_KEY' }).waitFor();
  t.pass('it signs in without an action of the person');
  await waiting.close();

  await browser.context.clock.install();
  const page = await failToSignIn();
  await page.clock.pauseAt(Date.now() + 60_000);
  const retry = page.getByRole('button', { name: 'Retry' });
  await retry.and(page.locator('[aria-busy=false]')).waitFor(); // it waits, and the clock has stopped
  await browser.context.unroute(sessions);
  const answered = page.waitForResponse(sessions);
  await retry.click();
  t.equal((await answered).status(), 201, 'it retries at once when the person asks for it');
  await page.clock.resume();
  await page.getByRole('link', { name: 'FOO_KEY' }).waitFor();
});

void t.test('a page waits for a restarted daemon, and continues', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: 'a value of the test' });
  const { page } = await openPage(box, browser);
  await page.getByRole('link', { name: 'FOO_KEY' }).waitFor();
  await box.escrow(['daemon', 'stop']);
  await page.getByRole('link', { name: 'Your secrets' }).click();
  await page.getByText('The daemon does not answer. Reconnecting').waitFor();
  await box.escrow(['secrets', 'set', 'BAR_KEY', '--user'], { input: 'a value of the test' });
  await page.getByRole('link', { name: 'BAR_KEY' }).waitFor();
  t.pass('the screen shows what changed while the daemon was stopped');
});

void t.test('a page sends neither its token nor a value to another server on its port', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  const canary = `canary-${String(process.pid)}-${String(Date.now())}`;
  const { page, port } = await openPage(box, browser);
  const token = await page.evaluate<string>("sessionStorage.getItem('nf-escrow.session')");
  const secret = (JSON.parse(token) as { token: string }).token;
  await page.getByRole('link', { name: 'Your secrets' }).click();
  await page.getByRole('button', { name: 'Add secret' }).click();
  await page.getByLabel('Name').fill('FOO_KEY');
  await page.getByLabel('Value', { exact: true }).fill(canary);
  // Until the person submits the form. Otherwise the page may notice the other server first.
  let release = (): void => undefined;
  const submitted = new Promise<void>((resolve) => (release = resolve));
  await page.route('**/v1/sessions/proof', async (route) => {
    await submitted;
    await route.continue().catch(() => undefined); // the page may have given up
  });
  await box.escrow(['daemon', 'stop']);

  const received: string[] = [];
  const impostor = createServer((request, response) => {
    let text = `${String(request.method)} ${String(request.url)} ${JSON.stringify(request.headers)} `;
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      received.push(text);
      response
        .setHeader('content-type', 'application/json')
        .end('{"proof":"aaaa","version":1,"maskable":true}');
    });
  });
  await new Promise<void>((resolve) => impostor.listen(port, '127.0.0.1', resolve));
  t.teardown(() => {
    impostor.closeAllConnections();
    impostor.close();
  });
  await page.locator('form').getByRole('button', { name: 'Add secret' }).click();
  release();
  await page.getByText('Another program answers at this address').waitFor();
  await until('the server was asked for a proof', () =>
    received.some((text) => text.startsWith('POST /v1/sessions/proof')),
  );
  for (const text of received) {
    t.notOk(text.includes(secret), 'no token');
    t.notOk(text.includes(canary), 'no value');
  }
});

void t.test(
  'the page works through an SSH forward of its socket, and below the path of a proxy',
  async (t) => {
    const browser = await startBrowser(t);
    if (browser === undefined) return;
    const box = new Sandbox(t);
    await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: 'a value of the test' });
    const { stdout, code } = await openDashboard(box, [], { SSH_CONNECTION: '192.0.2.1 1 192.0.2.2 22' });
    const socket = /ssh -L 8080:(\S+) /.exec(stdout)?.[1] ?? '';
    const forward = createTcpServer((client) => {
      const daemon = connect(socket);
      client.on('error', () => daemon.destroy()).pipe(daemon);
      daemon.on('error', () => client.destroy()).pipe(client);
    });
    await new Promise<void>((resolve) => forward.listen(0, '127.0.0.1', resolve));
    t.teardown(() => forward.close());
    const forwarded = (forward.address() as AddressInfo).port;
    const page = await browser.open(`http://localhost:${String(forwarded)}/#code=${code}`);
    await page.getByRole('link', { name: 'FOO_KEY' }).waitFor();

    const { code: second, port } = await openDashboard(box);
    const proxy = createServer((incoming, response) => {
      const path = String(incoming.url).replace(/^\/rnode\/host\/8080/, '');
      const headers = new Headers({ ...(incoming.headers as Record<string, string>), host: 'localhost' });
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        for (const name of ['connection', 'content-length', 'host', 'accept-encoding']) headers.delete(name);
        const body = chunks.length === 0 ? null : Buffer.concat(chunks);
        fetch(`http://127.0.0.1:${String(port)}${path}`, { method: incoming.method ?? 'GET', headers, body })
          .then(async (answer) => {
            // fetch has decoded the body.
            const kept = [...answer.headers].filter(
              ([name]) => !['content-encoding', 'content-length'].includes(name),
            );
            response
              .writeHead(answer.status, Object.fromEntries(kept))
              .end(Buffer.from(await answer.arrayBuffer()));
          })
          .catch(() => response.destroy());
      });
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.2', resolve));
    t.teardown(() => {
      proxy.closeAllConnections();
      proxy.close();
    });
    const proxied = (proxy.address() as AddressInfo).port;
    const below = await browser.open(`http://127.0.0.2:${String(proxied)}/rnode/host/8080/#code=${second}`);
    await below.getByRole('link', { name: 'FOO_KEY' }).waitFor();
    t.pass('all addresses are relative');
  },
);
