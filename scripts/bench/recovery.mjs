// How soon a daemon that starts has finished what another one left: runs that were placed, whose launchers are gone.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { root, say } from '../steps.mjs';

const PENDING = 1000;

/** From a daemon's start to nothing left of so many runs. `wanted`: seconds. */
export async function recovery(bench) {
  say(`a daemon that starts, with ${PENDING} runs to finish`);
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
    figure: `a daemon starts with ${PENDING} runs to finish: nothing left`,
    ours,
    wanted: '< 5 s',
    met: ours < 5000,
  };
}
