// node load.mjs SOCKET PATH RATE SECONDS: sends requests at a constant rate, even while earlier requests wait for their
// responses, and prints the times to the responses and the delays of the requests, in milliseconds, as JSON. A separate
// process, so that it does not share a thread with the other measurements.
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const CONNECTIONS = 32;

const [socketPath, path, rate, seconds] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
const [taken, late, failures] = [[], [], []];
const total = Number(rate) * Number(seconds);
const begun = performance.now();
const pending = [];
for (let sent = 0; sent < total;) {
  const now = performance.now();
  for (; sent < total && begun + (sent * 1000) / Number(rate) <= now; sent += 1) {
    late.push(now - (begun + (sent * 1000) / Number(rate)));
    pending.push(send(performance.now()));
  }
  await sleep(1);
}
await Promise.all(pending);
agent.destroy();
process.stdout.write(JSON.stringify({ taken, late, failures: failures.slice(0, 5) }));

function send(start) {
  return new Promise((resolve) => {
    const fail = (reason) => resolve(failures.push(String(reason)));
    request({ socketPath, path, agent }, (incoming) => {
      incoming.on('error', fail).resume();
      incoming.on('end', () => {
        if (incoming.statusCode !== 200) fail(incoming.statusCode);
        resolve(taken.push(performance.now() - start));
      });
    })
      .on('error', fail)
      .end();
  });
}
