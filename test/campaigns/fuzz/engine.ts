import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { userScope } from '../../../daemon/access/scopes.ts';
import { identifySelf } from '../../../daemon/system/processes/process-identity.ts';
import { SecretValue } from '../../../daemon/vault/secret-value.ts';
import { assemble, placesIn, type DaemonModules } from '../../support/daemon-modules.ts';
import { hold, type Ground } from './target.ts';

/** A daemon's modules with secrets in its vault: one of a value that is kept, and the needle as FOO_KEY. */
export interface Furnished extends DaemonModules {
  readonly launch: string;
  /** Throws where what was kept before is lost. */
  readonly checkKept: () => Promise<void>;
  /** A run as a launcher of this very process would ask for it. */
  readonly createRun: () => Promise<string>;
}

/** Of a name that no input can guess: it has to stay as it is, whatever comes. */
const KEPT = `KEPT_${randomBytes(6).toString('hex').toUpperCase()}`;

export async function openModules({ directory, needle }: Ground): Promise<Furnished> {
  const launch = join(directory, 'launch');
  mkdirSync(launch, { mode: 0o700 });
  const modules = await assemble(placesIn(directory));
  const { ledger, vault, runs } = modules;
  const { user } = modules.deps;
  const scope = await userScope(ledger.db, user);
  const kept = Buffer.from(randomBytes(50).toString('hex')); // such that any run can carry it
  await vault.set(user, scope, KEPT, new SecretValue(kept));
  await vault.set(user, scope, 'FOO_KEY', new SecretValue(Buffer.from(needle)));
  await runs.recover();
  const checkKept = async (): Promise<void> => {
    const found = (await vault.versions(ledger.db, scope)).find(({ name }) => name === KEPT);
    hold(
      found !== undefined && (await vault.open(found.secretId, found.version)).open().equals(kept),
      'what was set before opens, as it was',
    );
    for (const file of readdirSync(directory).filter((name) => name.startsWith('ledger.db')))
      hold(!readFileSync(join(directory, file)).includes(needle), `${file} holds no value in clear`);
  };
  const createRun = async (): Promise<string> => {
    const request = {
      selection: {},
      launchDirectory: launch,
      nextflow: '/bin/true',
      arguments: ['run', 'x'],
      localStore: null,
      launcher: identifySelf(),
    };
    const { run } = await runs.create(request);
    if (run === undefined) throw new Error('there is no run');
    return run.id;
  };
  return { ...modules, launch, checkKept, createRun };
}
