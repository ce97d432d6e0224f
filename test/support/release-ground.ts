// A workspace of a team server with secrets, and requests for their release.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import type { Test } from 'tap';
import { machineUser, type User } from '../../daemon/access/principal.ts';
import { findWorkspace } from '../../daemon/access/scopes.ts';
import type { Release, ReleaseRequest } from '../../daemon/contract/types.ts';
import { newRunId } from '../../daemon/contract/run-id.ts';
import { noFaults } from '../../daemon/system/steps.ts';
import type { Ledger } from '../../daemon/ledger/ledger.ts';
import { Keys } from '../../daemon/vault/keys/keys.ts';
import { SecretValue } from '../../daemon/vault/secret-value.ts';
import { Vault } from '../../daemon/vault/vault.ts';
import { decryptPayload } from '../../daemon/releases/payload.ts';
import { openTestLedger } from './test-ledger.ts';
import { Team } from './team.ts';
import { temporaryDirectory } from './temporary.ts';

const HOUR_MS = 3_600_000;

/** A team with the workspace `lab/rna`, and its launcher. */
export class ReleaseGround extends Team {
  readonly vault: Vault;
  readonly faults = noFaults;
  readonly identity: string;
  readonly recipient: string;
  readonly values = new Map<string, string>();
  launcher!: User;
  workspaceId = '';

  private constructor(ledger: Team['ledger'], vault: Vault, identity: string, recipient: string) {
    super(ledger);
    this.vault = vault;
    this.identity = identity;
    this.recipient = recipient;
  }

  /** Opens it in the database of the test (`onEachLedger`). */
  static async start(t: Test): Promise<ReleaseGround> {
    const directory = temporaryDirectory(t);
    const ledger = await openTestLedger(join(directory, 'ledger.db'));
    t.teardown(() => ledger.close());
    return ReleaseGround.in(ledger, directory);
  }

  /** Creates the team in a ledger, and the key file in a directory. */
  static async in(ledger: Ledger, directory: string): Promise<ReleaseGround> {
    const vault = new Vault(
      ledger,
      new Keys({ keyFile: join(directory, 'vault.key'), keyCommand: undefined }),
    );
    const identity = await generateX25519Identity();
    const ground = new ReleaseGround(ledger, vault, identity, await identityToRecipient(identity));
    ground.launcher = await ground.user('ada');
    await ground.organization('lab', [[ground.launcher, 'member']]);
    ground.workspaceId = await ground.workspace({ organization: 'lab', name: 'rna', visibility: 'private' });
    await ground.member(ground.workspaceId, ground.launcher, 'launch');
    return ground;
  }

  /** Sets a secret to a new value and returns the version. */
  async set(name: string): Promise<number> {
    const value = `canary-${randomBytes(12).toString('hex')}`;
    const scope = await findWorkspace(this.ledger.db, 'lab/rna');
    const { version } = await this.vault.set(machineUser(), scope, name, new SecretValue(Buffer.from(value)));
    this.values.set(`${name} ${String(version)}`, value);
    return version;
  }

  request(secrets: ReleaseRequest['secrets'], change: Partial<ReleaseRequest> = {}): ReleaseRequest {
    return {
      workspace: 'lab/rna',
      run: newRunId(new Date().toISOString()),
      recipient: this.recipient,
      secrets,
      expires: new Date(this.ledger.clock.now() + HOUR_MS).toISOString(),
      ...change,
    };
  }

  /** Decrypts a release and returns its values by name. */
  async open(release: Release, { run, workspace, expires, secrets }: ReleaseRequest): Promise<object> {
    const terms = { release: release.id, run, workspace, expires };
    const values = await decryptPayload(release.payload, this.identity, terms, secrets);
    return Object.fromEntries([...values].map(([name, value]) => [name, value.open().toString()]));
  }
}
