import { spawn } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import t from 'tap';
import { LostEnvironment } from '../../../daemon/cli/launch/lost-environment.ts';
import { until } from '../../support/sandbox.ts';

void t.test('searches for a Java process for one minute', async (t) => {
  const environment = { NXF_SECRETS_FILE: '/run/store.json' };
  const child = spawn('sleep', ['600'], { env: { ...process.env, ...environment } });
  t.teardown(() => child.kill());
  const pid = child.pid ?? 0;
  await until('it runs', () => readlinkSync(`/proc/${String(pid)}/exe`) !== process.execPath);
  let now = 5000;
  const lost = new LostEnvironment({ environment }, () => now);
  now += 120_000;
  t.notOk(lost.isDecided, 'the time starts with the first look');
  lost.look(pid);
  now += 59_000;
  lost.look(pid);
  t.notOk(lost.isDecided);
  now += 1000;
  t.ok(lost.isDecided);
  t.notOk(lost.isLost);
});

void t.test('detects a launcher without the variables', (t) => {
  const lost = new LostEnvironment({ environment: { NXF_SECRETS_FILE: '/run/store.json' } });
  lost.look(process.pid);
  t.ok(lost.isDecided);
  t.ok(lost.isLost);
  t.end();
});
