import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { userScope } from '../../../daemon/access/scopes.ts';
import { identifySelf } from '../../../daemon/system/processes/process-identity.ts';
import { SecretValue } from '../../../daemon/vault/secret-value.ts';
import { assemble, placesIn, type DaemonModules } from '../../support/daemon-modules.ts';
import { hold, type Ground } from './target.ts';

/** A daemon's modules with two secrets in the vault: one that must stay unchanged, and FOO_KEY with the needle. */
export interface Furnished extends DaemonModules {
  readonly launch: string;
  /** Throws when the first secret was changed, or a value is unencrypted in the ledger. */
  readonly checkKept: () => Promise<void>;
  /** Materializes a run whose launcher is this process. */
  readonly createRun: () => Promise<string>;
}

/** A name that no input can guess. Its secret must stay unchanged. */
const KEPT = `KEPT_${randomBytes(6).toString('hex').toUpperCase()}`;

/** Composes the modules and sets the secrets. */
export async function openModules({ directory, needle }: Ground): Promise<Furnished> {
  const launch = join(directory, 'launch');
  mkdirSync(launch, { mode: 0o700 });
  const modules = await assemble(placesIn(directory));
  const { ledger, vault, runs } = modules;
  const { user } = modules.deps;
  const scope = await userScope(ledger.db, user);
  const kept = Buffer.from(randomBytes(50).toString('hex')); // valid on every platform
  await vault.set(user, scope, KEPT, new SecretValue(kept));
  await vault.set(user, scope, 'FOO_KEY', new SecretValue(Buffer.from(needle)));
  await runs.recover();
  const checkKept = async (): Promise<void> => {
    const found = (await vault.versions(ledger.db, scope)).find(({ name }) => name === KEPT);
    hold(
      found !== undefined && (await vault.open(found.secretId, found.version)).open().equals(kept),
      'the first secret is unchanged',
    );
    for (const file of readdirSync(directory).filter((name) => name.startsWith('ledger.db')))
      hold(!readFileSync(join(directory, file)).includes(needle), `${file} contains no unencrypted value`);
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
    if (run === undefined) throw new Error('the run was not created');
    return run.id;
  };
  return { ...modules, launch, checkKept, createRun };
}
