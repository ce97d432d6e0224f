import { uint8Array } from 'fast-check';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { machineUser } from '../../../../daemon/access/principal.ts';
import { userScope } from '../../../../daemon/access/scopes.ts';
import { EscrowError } from '../../../../daemon/errors.ts';
import { readAudit } from '../../../../daemon/ledger/journal.ts';
import { describeRun, listRuns } from '../../../../daemon/runs/records/queries.ts';
import { assemble, type DaemonModules } from '../../../support/daemon-modules.ts';
import { openModules } from '../engine.ts';
import { hold, type Ground, type Target } from '../target.ts';

/** Where the ledger was made, with the key that opens it and a run directory of a run in it; and a copy of that. */
const placesOf = ({ directory }: Ground) => ({
  made: join(directory, 'made'),
  runs: join(directory, 'made', 'runs'),
  copy: join(directory, 'copy'),
});

/** What is none of ours stands beside it, whatever a ledger says. */
const BYSTANDERS = ['runs/kept', 'runs/r20260101', 'kept'];

/** A ledger with secrets, runs and events in it, as bytes: one run is over, and one has its secrets. */
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
 * The ledger's file with some bytes changed: it is refused, or read and tidied by a daemon that starts on it. That never
 * writes or tells a value, and removes nothing that is none of ours.
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
        cpSync(copy, runs, { recursive: true }); // into the same directory: that is what the ledger knows
        const path = join(directory, 'ledger.db');
        writeFileSync(path, input, { mode: 0o600 });
        const keyFile = join(made, 'vault.key');
        const modules = await assemble({ ledger: path, keyFile, runs, output: join(directory, 'output') });
        try {
          const read = await readAll(modules).catch((error: unknown) => error);
          const tidied = await tidy(modules); // also where some of it cannot be read
          if (read instanceof Error) throw read;
          return [read, tidied, modules.logged()];
        } finally {
          await modules.close();
          for (const name of readdirSync(directory, { recursive: true, withFileTypes: true }))
            if (name.isFile())
              hold(
                !readFileSync(join(name.parentPath, name.name)).includes(ground.needle),
                `${name.name} holds no value in clear`,
              );
          for (const name of BYSTANDERS) hold(existsSync(join(made, name, 'within')), `${name} is as it was`);
        }
      },
    };
  },
};

/** What a daemon does that starts on it, and what a user may ask of it then. */
async function tidy({ runs }: DaemonModules): Promise<unknown[]> {
  await runs.recover();
  const told: unknown[] = [];
  for (const { id } of await runs.list({ limit: 10 }))
    try {
      told.push(await runs.purge(id, { force: true, asked: true }), await runs.checkedReceipt(id));
    } catch (error) {
      if (!(error instanceof EscrowError) || error.code === 'internal') throw error;
      told.push(error.message, error.hint);
    }
  return told;
}

async function readAll({ ledger, vault }: DaemonModules): Promise<unknown> {
  const scope = await userScope(ledger.db, machineUser());
  const told: unknown[] = [await vault.list(scope), await readAudit(ledger.db, 100)];
  for (const row of await listRuns(ledger.db, { limit: 10 })) told.push(await describeRun(ledger.db, row));
  for (const { secretId, version } of await vault.versions(ledger.db, scope))
    await vault.open(secretId, version);
  return told;
}
