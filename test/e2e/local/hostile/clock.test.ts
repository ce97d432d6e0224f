import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { machineUser } from '../../../../daemon/access/principal.ts';
import { userScope } from '../../../../daemon/access/scopes.ts';
import { identifySelf } from '../../../../daemon/system/processes/process-identity.ts';
import { openLedger } from '../../../../daemon/ledger/sqlite/open.ts';
import { Runs } from '../../../../daemon/runs/runs.ts';
import { Keys } from '../../../../daemon/vault/keys/keys.ts';
import { SecretValue } from '../../../../daemon/vault/secret-value.ts';
import { Vault } from '../../../../daemon/vault/vault.ts';
import { root, until } from '../../../support/sandbox.ts';
import { startShim } from '../../../support/start-shim.ts';
import { temporaryDirectory } from '../../../support/temporary.ts';
import { runDependencies } from '../../../support/run-dependencies.ts';

const DAY_MS = 24 * 3600 * 1000;

/** Opens the runs of a daemon. `jump` sets the offset of its clock in milliseconds. */
async function openRuns(t: Test, directory: string): Promise<{ runs: Runs; jump: (ms: number) => void }> {
  let offset = 0;
  const ledger = await openLedger(join(directory, 'ledger.db'));
  const user = machineUser();
  const vault = new Vault(ledger, new Keys({ keyFile: join(directory, 'vault.key'), keyCommand: undefined }));
  await vault.set(user, await userScope(ledger.db, user), 'FOO_KEY', new SecretValue(Buffer.from('value')));
  const where = { runs: join(directory, 'runs'), output: join(directory, 'output') };
  const runs = new Runs(
    runDependencies(ledger, vault, where, { clock: () => new Date(Date.now() + offset) }),
  );
  t.teardown(async () => {
    await runs.stop();
    await ledger.close();
  });
  return { runs, jump: (ms) => (offset = ms) };
}

for (const days of [1, -1])
  void t.test(`keeps a live run when the clock jumps by ${String(days)} day`, async (t) => {
    const directory = temporaryDirectory(t);
    const { runs, jump } = await openRuns(t, directory);
    const launchDirectory = join(directory, 'launch');
    mkdirSync(launchDirectory);
    const { run, start } = await runs.create({
      selection: {},
      launchDirectory,
      nextflow: join(root, 'test/support/bin/nextflow'),
      arguments: ['run', 'touch here; while [ ! -e go ]; do sleep 0.05; done; exit 3'],
      localStore: null,
      launcher: identifySelf(),
    });
    if (run === undefined || start === undefined) throw new Error('the run was not materialized');
    const child = startShim(start, launchDirectory);
    const ended = once(child, 'exit');
    await until('the task runs', () => existsSync(join(launchDirectory, 'here')));
    const stays = async (what: string): Promise<void> => {
      for (let looks = 0; looks < 3; looks += 1)
        await t.rejects(runs.purge(run.id, { force: false, asked: true }), { code: 'run-alive' }, what);
      t.match(await runs.find(run.id), { state: 'running', pendingRemovals: 1 }, what);
      t.ok(existsSync(join(start.directory, 'store.json')), what);
    };
    await stays('before the jump');
    jump(days * DAY_MS);
    await stays('after the jump');
    jump(0);
    await stays('after the jump back');
    jump(days * DAY_MS);
    writeFileSync(join(launchDirectory, 'go'), '');
    t.same(await ended, [3, null]);
    t.match(await runs.purge(run.id, { force: false, asked: true }), {
      state: 'purged',
      exitStatus: 3,
      pendingRemovals: 0,
    });
    t.notOk(existsSync(start.directory));
  });
