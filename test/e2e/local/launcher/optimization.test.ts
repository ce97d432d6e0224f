import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { accepts } from '../../../support/hostile.ts';
import { Sandbox, until } from '../../../support/sandbox.ts';

const IS_OPTIMIZING = /"msg":"under load: V8 optimizes from now on"/;

void t.test('the daemon lets V8 optimize only under load', async (t) => {
  const box = new Sandbox(t);
  await accepts(t, box, ['daemon', 'start']);
  await accepts(t, box, ['status']);
  const log = (): string => readFileSync(join(box.state, 'daemon.log'), 'utf8');
  t.notMatch(log(), IS_OPTIMIZING, 'a start is no load');
  let isLoaded = true;
  const answers = new Set<number>(); // an assertion for each request would cost more than the request
  const load = Array.from({ length: 16 }, async () => {
    while (isLoaded) answers.add((await box.http('GET', '/v1/runs')).status);
  });
  await until('the daemon reports the load', () => IS_OPTIMIZING.test(log()));
  isLoaded = false;
  await Promise.all(load);
  t.same([...answers], [200]);
  t.equal((await box.http('GET', '/v1/health')).status, 200);
});
