// Measures how fast a new daemon removes materialized runs whose launchers have ended.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { root, say } from '../steps.mjs';

const PENDING = 1000;

/** Measures the time from the start of a daemon until all pending runs are purged. */
export async function recovery(bench) {
  say(`start of a daemon with ${PENDING} runs to purge`);
  const load = (path) => import(pathToFileURL(join(root, 'dist', path)).href);
  const [{ assemble, placesIn }, { identify }, { userScope }, { SecretValue }] = await Promise.all([
    load('test/support/daemon-modules.js'),
    load('daemon/system/processes/process-identity.js'),
    load('daemon/access/scopes.js'),
    load('daemon/vault/secret-value.js'),
  ]);
  const home = join(bench.home, 'recovery');
  mkdirSync(home, { mode: 0o700 });
  const where = placesIn(home);
  const launcher = spawn('sleep', ['600']);
  const before = await assemble(where);
  const { user } = before.deps;
  const scope = await userScope(before.ledger.db, user);
  await before.vault.set(user, scope, 'FOO_KEY', new SecretValue(Buffer.from('value')));
  const request = {
    selection: {},
    launchDirectory: home,
    nextflow: '/bin/true',
    arguments: ['run', 'x'],
    localStore: null,
    launcher: identify(launcher.pid),
  };
  for (let index = 0; index < PENDING; index += 1) await before.runs.create(request);
  await before.close();
  launcher.kill('SIGKILL');
  await new Promise((resolve) => launcher.once('exit', resolve));
  const started = performance.now();
  const after = await assemble(where);
  await after.runs.recover();
  const left = () =>
    after.ledger.db.selectFrom('runs').select('id').where('state', '!=', 'purged').limit(1).execute();
  while ((await left()).length > 0) await sleep(20);
  const ours = performance.now() - started;
  await after.close();
  return {
    figure: `start of a daemon to the purge of ${PENDING} pending runs`,
    ours,
    wanted: '< 5 s',
    met: ours < 5000,
  };
}
