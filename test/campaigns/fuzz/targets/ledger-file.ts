import { uint8Array } from 'fast-check';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { machineUser } from '../../../../daemon/access/principal.ts';
import { userScope } from '../../../../daemon/access/scopes.ts';
import { EscrowError } from '../../../../daemon/errors.ts';
import { readAudit } from '../../../../daemon/ledger/audit.ts';
import { listRuns } from '../../../../daemon/runs/records/list-runs.ts';
import { describeRuns } from '../../../../daemon/runs/records/queries.ts';
import { assemble, type DaemonModules } from '../../../support/daemon-modules.ts';
import { openModules } from '../engine.ts';
import { hold, type Ground, type Target } from '../target.ts';

/** Returns the directory of the original ledger, its run directories, and a copy of the run directories. */
const placesOf = ({ directory }: Ground) => ({
  made: join(directory, 'made'),
  runs: join(directory, 'made', 'runs'),
  copy: join(directory, 'copy'),
});

/** Foreign directories, which must survive any ledger content. */
const BYSTANDERS = ['runs/kept', 'runs/r20260101', 'kept'];

/** Creates a ledger with secrets, an ended run and a materialized run, and returns its bytes. */
async function makeLedger(ground: Ground): Promise<Buffer> {
  const { made, runs, copy } = placesOf(ground);
  mkdirSync(made, { mode: 0o700 });
  const modules = await openModules({ ...ground, directory: made });
  const id = await modules.createRun();
  await modules.runs.cancel(id);
  await modules.createRun();
  await modules.close();
  for (const name of BYSTANDERS) {
    mkdirSync(join(made, name));
    writeFileSync(join(made, name, 'within'), '');
  }
  cpSync(runs, copy, { recursive: true });
  return readFileSync(join(made, 'ledger.db'));
}

/**
 * The ledger's file with changed bytes. A daemon that starts on it rejects it, or reads it and purges its runs. It never
 * writes or reveals a value, and removes nothing that nf-escrow did not create.
 */
export const ledgerFile: Target = {
  name: 'ledger',
  share: 8,
  arbitrary: uint8Array({ maxLength: 4096 }),
  seeds: async (ground) => [await makeLedger(ground)],
  open: (ground) => {
    const { made, runs, copy } = placesOf(ground);
    const directory = join(ground.directory, 'mutated');
    return {
      run: async (input) => {
        rmSync(directory, { recursive: true, force: true });
        mkdirSync(directory, { mode: 0o700 });
        cpSync(copy, runs, { recursive: true }); // into the original directory, which the ledger names
        const path = join(directory, 'ledger.db');
        writeFileSync(path, input, { mode: 0o600 });
        const keyFile = join(made, 'vault.key');
        const modules = await assemble({ ledger: path, keyFile, runs, output: join(directory, 'output') });
        try {
          const read = await readAll(modules).catch((error: unknown) => error);
          const output = await purgeAll(modules); // even if parts of it cannot be read
          if (read instanceof Error) throw read;
          return [read, output, modules.logged()];
        } finally {
          await modules.close();
          for (const name of readdirSync(directory, { recursive: true, withFileTypes: true }))
            if (name.isFile())
              hold(
                !readFileSync(join(name.parentPath, name.name)).includes(ground.needle),
                `${name.name} contains no unencrypted value`,
              );
          for (const name of BYSTANDERS) hold(existsSync(join(made, name, 'within')), `${name} still exists`);
        }
      },
    };
  },
};

/** Runs the recovery, then purges all runs and reads their receipts. */
async function purgeAll({ runs }: DaemonModules): Promise<unknown[]> {
  await runs.recover();
  const output: unknown[] = [];
  for (const { id } of (await runs.list({ limit: 10 })).items)
    try {
      output.push(await runs.purge(id, { force: true, asked: true }), await runs.checkedReceipt(id));
    } catch (error) {
      if (!(error instanceof EscrowError) || error.code === 'internal') throw error;
      output.push(error.message, error.hint);
    }
  return output;
}

async function readAll({ ledger, vault }: DaemonModules): Promise<unknown> {
  const scope = await userScope(ledger.db, machineUser());
  const output: unknown[] = [await vault.list(scope), await readAudit(ledger.db, { limit: 100 })];
  const { items: rows } = await listRuns(ledger.db, { limit: 10 });
  output.push(...(await describeRuns(ledger.db, rows)));
  for (const { secretId, version } of await vault.versions(ledger.db, scope))
    await vault.open(secretId, version);
  return output;
}
