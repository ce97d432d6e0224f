// Limits of users and workspaces of a team server, which replicas share.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { TeamLimits } from '../../../daemon/access/limits/team-limits.ts';
import { machineUser } from '../../../daemon/access/principal.ts';
import { findWorkspace, userScope } from '../../../daemon/access/scopes.ts';
import type { Ledger } from '../../../daemon/ledger/ledger.ts';
import { createRelease } from '../../../daemon/releases/create-release.ts';
import { Keys } from '../../../daemon/vault/keys/keys.ts';
import { SecretValue } from '../../../daemon/vault/secret-value.ts';
import { Vault } from '../../../daemon/vault/vault.ts';
import { onEachLedger, openInPostgres } from '../../support/each-ledger.ts';
import { ReleaseGround } from '../../support/release-ground.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const MANY: TeamLimits = {
  ...{
    secretsPerUser: 1000,
    secretsPerWorkspace: 1000,
    secretBytesPerUser: 1e6,
    secretBytesPerWorkspace: 1e6,
  },
  ...{ changesPerMinute: 1000, workspaceChangesPerMinute: 1000, releasesPerMinute: 1000 },
  ...{ workspaceReleasesPerMinute: 1000, releaseBytesPerMinute: 1e6 },
};

const exceeds = (limit: keyof TeamLimits): { code: 'limit-exceeded'; message: RegExp } => ({
  code: 'limit-exceeded',
  message: new RegExp(`limits\\.${limit} `),
});

/** Returns the vaults of two replicas with these limits, whose clock stays in one minute. */
function replicas(t: Test, ground: ReleaseGround, limits: Partial<TeamLimits>): [Vault, Vault] {
  const directory = temporaryDirectory(t);
  const { ledger } = ground;
  const create = (): Vault =>
    new Vault(
      { ...ledger, write: (work) => ledger.write(work), clock: { now: () => 1_800_000_000_000 } },
      new Keys({ keyFile: join(directory, 'vault.key'), keyCommand: undefined }),
      { ...MANY, ...limits },
    );
  return [create(), create()];
}

const value = (size = 16): SecretValue => new SecretValue(randomBytes(size));

onEachLedger('permits a number and a size of secrets, also to concurrent requests', async (t) => {
  const ground = await ReleaseGround.start(t);
  const scope = await findWorkspace(ground.ledger.db, 'lab/rna');
  const vaults = replicas(t, ground, { secretsPerWorkspace: 3, secretBytesPerWorkspace: 5000 });
  await vaults[0].set(machineUser(), scope, 'KEY_0', value());
  const results = await Promise.allSettled(
    [1, 2, 3, 4, 5, 6].map((number) =>
      (vaults[number % 2] ?? vaults[0]).set(machineUser(), scope, `KEY_${String(number)}`, value()),
    ),
  );
  t.equal(results.filter(({ status }) => status === 'fulfilled').length, 2);
  for (const result of results)
    if (result.status === 'rejected') t.match(result.reason, exceeds('secretsPerWorkspace'));
  t.equal((await vaults[0].list(scope)).length, 3);
  await vaults[0].set(machineUser(), scope, 'KEY_0', value()); // a replacement does not raise the number
  await t.rejects(
    vaults[0].set(machineUser(), scope, 'KEY_0', value(6000)),
    exceeds('secretBytesPerWorkspace'),
  );
  await t.rejects(
    vaults[0].setAll(machineUser(), scope, new Map([['NEW_KEY', value()]]), 'skip'),
    exceeds('secretsPerWorkspace'),
  );
});

onEachLedger('limits the secrets of a user', async (t) => {
  const ground = await ReleaseGround.start(t);
  const [vault] = replicas(t, ground, { secretsPerUser: 1 });
  const scope = await userScope(ground.ledger.db, ground.launcher);
  await vault.set(ground.launcher, scope, 'KEY_1', value());
  await t.rejects(vault.set(ground.launcher, scope, 'KEY_2', value()), exceeds('secretsPerUser'));
});

onEachLedger('limits the rate of changes of a principal and of a workspace', async (t) => {
  const ground = await ReleaseGround.start(t);
  const scope = await findWorkspace(ground.ledger.db, 'lab/rna');
  const own = replicas(t, ground, { changesPerMinute: 3 });
  await own[0].set(machineUser(), scope, 'KEY_1', value());
  await own[1].set(machineUser(), scope, 'KEY_1', value());
  await own[0].remove(machineUser(), scope, 'KEY_1');
  await t.rejects(own[1].set(machineUser(), scope, 'KEY_1', value()), exceeds('changesPerMinute'));
  const [shared] = replicas(t, ground, { workspaceChangesPerMinute: 3 });
  await t.rejects(
    shared.set(machineUser(), scope, 'KEY_1', value()),
    exceeds('workspaceChangesPerMinute'),
    'changes of all principals count',
  );
});

onEachLedger('limits releases by number and by size', async (t) => {
  const ground = await ReleaseGround.start(t);
  const { vault, launcher } = ground;
  const version = await ground.set('A_KEY');
  const now = ground.ledger.clock.now();
  const ledger: Ledger = {
    ...ground.ledger,
    write: (work) => ground.ledger.write(work),
    clock: { now: () => now },
  };
  const create = async (limits: Partial<TeamLimits>): Promise<unknown> =>
    createRelease(
      { ledger, vault, faults: ground.faults, limits: { ...MANY, ...limits } },
      launcher,
      ground.request([{ name: 'A_KEY', version }]),
    );
  await create({ releasesPerMinute: 2 });
  await create({ releasesPerMinute: 2 });
  await t.rejects(create({ releasesPerMinute: 2 }), exceeds('releasesPerMinute'));
  await t.rejects(create({ workspaceReleasesPerMinute: 2 }), exceeds('workspaceReleasesPerMinute'));
  await t.rejects(create({ releaseBytesPerMinute: 200 }), exceeds('releaseBytesPerMinute'));
  const { count } = await ground.ledger.db
    .selectFrom('releases')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  t.equal(count, 2, 'what is denied leaves nothing');
});

interface HeldLedger {
  readonly ledger: Ledger;
  /** Resolves when a transaction has only its commit left. */
  readonly reached: Promise<void>;
  readonly commit: () => void;
}

/** Returns a ledger whose transactions wait before their commit. */
function held(ledger: Ledger): HeldLedger {
  let [reach, commit] = [(): void => undefined, (): void => undefined];
  const reached = new Promise<void>((resolve) => (reach = resolve));
  const committed = new Promise<void>((resolve) => (commit = resolve));
  const write: Ledger['write'] = (work) =>
    ledger.write(async (db) => {
      const result = await work(db);
      reach();
      await committed;
      return result;
    });
  return {
    ledger: { ...ledger, write, clock: ledger.clock, db: ledger.db },
    reached,
    commit: () => commit(),
  };
}

void t.test('requests of one workspace do not wait for each other', async (t) => {
  const { ledger } = (await openInPostgres(t)) ?? {};
  if (ledger === undefined) return;
  const directory = temporaryDirectory(t);
  const ground = await ReleaseGround.in(ledger, directory);
  const scope = await findWorkspace(ledger.db, 'lab/rna');
  const keys = new Keys({ keyFile: join(directory, 'vault.key'), keyCommand: undefined });
  const names = ['A_KEY', 'B_KEY'] as const;
  for (const name of names) await ground.set(name);
  const first = held(ledger);
  const changes = [
    new Vault(first.ledger, keys, MANY).set(machineUser(), scope, 'A_KEY', value()),
    first.reached.then(() => new Vault(ledger, keys, MANY).set(machineUser(), scope, 'B_KEY', value())),
  ];
  await changes[1];
  const versions = new Map(
    (await ground.vault.versions(ledger.db, scope)).map((one) => [one.name, one.version]),
  );
  t.same([versions.get('A_KEY'), versions.get('B_KEY')], [1, 2], 'the first change is not yet committed');
  first.commit();
  t.equal((await changes[0])?.version, 2);
  const other = held(ledger);
  const parts = { vault: ground.vault, faults: ground.faults, limits: MANY };
  const request = (): ReturnType<ReleaseGround['request']> => ground.request([{ name: 'B_KEY', version: 2 }]);
  const releases = [
    createRelease({ ...parts, ledger: other.ledger }, ground.launcher, request()),
    other.reached.then(() => createRelease({ ...parts, ledger }, ground.launcher, request())),
  ];
  t.match(await releases[1], { isNew: true });
  other.commit();
  t.match(await releases[0], { isNew: true });
});

onEachLedger('permits replacements in a workspace that is full', async (t) => {
  const ground = await ReleaseGround.start(t);
  const scope = await findWorkspace(ground.ledger.db, 'lab/rna');
  const [before] = replicas(t, ground, {});
  for (const name of ['A_KEY', 'B_KEY']) await before.set(machineUser(), scope, name, value(30));
  const full = new Vault(ground.ledger, before.keys, {
    ...MANY,
    secretsPerWorkspace: 1,
    secretBytesPerWorkspace: 1,
  });
  t.match(await full.set(machineUser(), scope, 'A_KEY', value(30)), { version: 2 });
  t.match(await full.set(machineUser(), scope, 'A_KEY', value(20)), { version: 3 });
  await t.rejects(full.set(machineUser(), scope, 'A_KEY', value(40)), exceeds('secretsPerWorkspace'));
});
