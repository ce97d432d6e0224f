import { uint8Array } from 'fast-check';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { machineUser } from '../../../daemon/access/principal.ts';
import { userScope } from '../../../daemon/access/scopes.ts';
import { openLedger, type Ledger } from '../../../daemon/ledger/open.ts';
import { readAudit } from '../../../daemon/ledger/journal.ts';
import { describeRun, listRuns } from '../../../daemon/runs/queries.ts';
import { Keys } from '../../../daemon/vault/keys.ts';
import { Vault } from '../../../daemon/vault/vault.ts';
import { openRooms } from '../engine.ts';
import { hold, type Ground, type Target } from '../target.ts';

/** A ledger with secrets, runs and events in it, and the key that opens it; both as bytes. */
async function makeLedger(ground: Ground): Promise<Buffer> {
  const directory = join(ground.directory, 'made');
  mkdirSync(directory, { mode: 0o700 });
  const rooms = await openRooms({ ...ground, directory });
  const id = await rooms.createRun();
  await rooms.runs.cancel(id);
  await rooms.createRun();
  await rooms.close();
  return readFileSync(join(directory, 'ledger.db'));
}

/** The ledger's file with some bytes changed: it is refused, or read, and never writes or tells a value. */
export const ledgerFile: Target = {
  name: 'ledger',
  share: 8,
  arbitrary: uint8Array({ maxLength: 4096 }),
  seeds: async (ground) => [await makeLedger(ground)],
  open: (ground) => {
    const directory = join(ground.directory, 'mutated');
    const keyFile = join(ground.directory, 'made', 'vault.key');
    return {
      run: async (input) => {
        rmSync(directory, { recursive: true, force: true });
        mkdirSync(directory, { mode: 0o700 });
        const path = join(directory, 'ledger.db');
        writeFileSync(path, input, { mode: 0o600 });
        const ledger = await openLedger(path);
        try {
          return await readAll(ledger, keyFile);
        } finally {
          await ledger.close();
          for (const name of readdirSync(directory))
            hold(
              !readFileSync(join(directory, name)).includes(ground.needle),
              `${name} holds no value in clear`,
            );
        }
      },
    };
  },
};

async function readAll(ledger: Ledger, keyFile: string): Promise<unknown> {
  const vault = new Vault(ledger, new Keys({ keyFile, keyCommand: undefined }));
  const scope = await userScope(ledger.db, machineUser());
  const told: unknown[] = [await vault.list(scope), await readAudit(ledger.db, 100)];
  for (const row of await listRuns(ledger.db, { limit: 10 })) told.push(await describeRun(ledger.db, row));
  for (const { secretId, version } of await vault.versions(ledger.db, scope))
    await vault.open(secretId, version);
  return told;
}
