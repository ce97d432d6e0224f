// node load-team.mjs, with a JSON object on standard input: sends requests of many users to the replicas of a team server at a constant
// rate, also while earlier ones wait for their responses, and prints the times to the responses by kind, in milliseconds, as JSON. A
// separate process, so that it does not share a thread with what else is measured.
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../steps.mjs';

const CONNECTIONS = 16; // to each replica
const PAGE = 100;
/** Requests before the measurement: they open connections, let V8 compile, and record that each sender reads names, once an hour. */
const WARM_UP = 12_000;
/** Secrets of a release. */
const SOME = 10;

const [{ generateX25519Identity, identityToRecipient }, { newRunId }] = await Promise.all([
  import('age-encryption'),
  import(join(root, 'dist/daemon/contract/run-id.js')),
]);
const recipient = await identityToRecipient(await generateX25519Identity());
const { servers, senders, rate, seconds, secrets, released } = JSON.parse(readFileSync(0, 'utf8'));
const targets = servers.map(({ port, caFile }) => ({
  port,
  agent: new Agent({
    ...{ keepAlive: true, maxSockets: CONNECTIONS, ca: readFileSync(caFile), servername: 'localhost' },
  }),
}));
const below = (count) => Math.floor(Math.random() * count);
const name = (count) => `SECRET_${below(count)}`;
/** `lab/set` does not change, so that its versions can be released. */
const versions = new Map();

/** The kinds of requests and their shares in percent. */
const KINDS = [
  [
    40,
    'list the secrets of a workspace',
    (title) => ['GET', `/v1/workspaces/${title}/secrets?limit=${PAGE}`],
  ],
  [10, 'list the workspaces', () => ['GET', `/v1/workspaces?limit=${PAGE}`]],
  [40, 'resolve a secret', (title) => ['GET', `/v1/workspaces/${title}/secrets/${name(secrets)}`]],
  [
    5,
    'set a secret',
    (title) => ['PUT', `/v1/workspaces/${title}/secrets/${name(secrets)}`, { valueBase64: 'dmFsdWU=' }],
  ],
  [5, `release ${SOME} secrets`, () => ['POST', '/v1/releases', releaseOf()]],
];

for (const { name: secret, version } of (await pageOf('/v1/workspaces/lab/set/secrets?limit=1000')).secrets)
  versions.set(secret, version);
const taken = Object.fromEntries(KINDS.map(([, kind]) => [kind, []]));
const [late, failures] = [[], []];
await Promise.all(Array.from({ length: CONNECTIONS }, () => warmUp(WARM_UP / CONNECTIONS)));
const total = rate * seconds;
const begun = performance.now();
const pending = [];
for (let sent = 0; sent < total;) {
  const now = performance.now();
  for (; sent < total && begun + (sent * 1000) / rate <= now; sent += 1) {
    late.push(now - (begun + (sent * 1000) / rate));
    pending.push(pick((kind, ms) => taken[kind].push(ms)));
  }
  await sleep(1);
}
await Promise.all(pending);
for (const { agent } of targets) agent.destroy();
process.stdout.write(JSON.stringify({ taken, late, failures: failures.slice(0, 5) }));

async function warmUp(count) {
  for (let index = 0; index < count; index += 1) await pick(() => undefined);
}

/** Sends a request of a random kind to the next replica. */
async function pick(note) {
  let share = below(100);
  const [, kind, build] = KINDS.find(([percent]) => (share -= percent) < 0);
  const { token, workspaces } = senders[below(senders.length)];
  const [method, path, body] = build(workspaces[below(workspaces.length)]);
  const start = performance.now();
  try {
    const { status, text } = await send(token, method, path, body);
    if (status >= 300) failures.push(`${kind}: ${status} ${text.slice(0, 300)}`);
  } catch (error) {
    failures.push(String(error));
  }
  note(kind, performance.now() - start);
}

function releaseOf() {
  const first = below(released - SOME);
  return {
    ...{ workspace: 'lab/set', run: newRunId(new Date().toISOString()), recipient },
    expires: new Date(Date.now() + 3_000_000).toISOString(),
    secrets: Array.from({ length: SOME }, (_, index) => {
      const secret = `SECRET_${first + index}`;
      return { name: secret, version: versions.get(secret) };
    }),
  };
}

async function pageOf(path) {
  return JSON.parse((await send(senders[0].token, 'GET', path)).text);
}

function send(token, method, path, body) {
  const { port, agent } = targets[below(targets.length)];
  const text = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const outgoing = request({
      ...{ host: '127.0.0.1', port, agent, method, path },
      headers: {
        ...{ host: 'localhost', authorization: `Bearer ${token}` },
        ...(text === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
      },
    });
    outgoing.on('response', (incoming) => {
      let received = '';
      incoming.setEncoding('utf8').on('data', (chunk) => (received += chunk));
      incoming.on('error', reject).on('end', () => resolve({ status: incoming.statusCode, text: received }));
    });
    outgoing.on('error', reject).end(text);
  });
}
