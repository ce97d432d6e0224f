import { mkdirSync, renameSync, rmdirSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { SecretDelivery, ComputeEnvironment } from '../../../daemon/contract/types.ts';
import { EscrowError } from '../../../daemon/errors.ts';
import { RunDirectories } from '../../../daemon/run-directory/run-directories.ts';
import { createStores } from '../../../daemon/stores/registry.ts';
import type { Bundle, LeaseLocation, LeaseRemover, ObjectStore } from '../../../daemon/stores/store.ts';
import { noFaults } from '../../../daemon/system/steps.ts';
import { systemClock } from '../../../daemon/system/time/clock.ts';
import { SecretValue } from '../../../daemon/vault/secret-value.ts';
import type { StrictAws } from '../../support/aws/strict-aws.ts';
import { environmentOf, settingsFor, startAws, startOver, storeFor } from '../../support/aws/test-aws.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

/** A kind of object that holds secrets, with the operations that differ between kinds. */
interface Candidate {
  readonly remover: LeaseRemover;
  /** Names the objects for a run with so many secrets, without creating any. */
  readonly split: (run: string, secrets: ReadonlyMap<string, SecretValue>) => Bundle[];
  readonly prepare: (target: string) => Promise<string>;
  readonly place: (location: LeaseLocation, run: string, bundle: Bundle) => Promise<unknown>;
  /** Creates an object partially, like a crash during its creation. */
  readonly placeHalf: (location: LeaseLocation, run: string, bundle: Bundle) => void | Promise<void>;
  /** Makes the backend unavailable. Returns a function that makes it available again. */
  readonly makeUnavailable: () => () => void;
}

const environment: ComputeEnvironment = {
  name: 'local',
  platform: 'hpc',
  runsDirectory: null,
  isDefault: true,
  dateCreated: '',
  lastUpdated: '',
  etag: '',
};

const secretDelivery: SecretDelivery = {
  plugin: null,
  reason: null,
  configPhase: true,
  environment: {},
  restore: {},
};
/** Shared by all tests, because it takes seconds to start. */
let sharedAws: Promise<StrictAws | undefined> | undefined;

const EXPIRES = new Date(Date.now() + 3600_000).toISOString();

function objectStore(
  store: ObjectStore,
  environment: ComputeEnvironment,
): Pick<Candidate, 'remover' | 'split' | 'prepare' | 'place'> {
  const base = { workspace: 'local/main', environment, secretDelivery, ledger: 'l1', expiresAt: EXPIRES };
  return {
    remover: store,
    split: (run, secrets) => store.split({ ...base, run, secrets }),
    prepare: (target) => store.prepare(target, environment),
    place: (location, run, bundle) =>
      store.place({ ...base, ...location, ...bundle, run, noteSent: async () => undefined }),
  };
}

/** All kinds of objects. daemon/stores/store.ts describes the contract. */
const candidates: Readonly<Record<string, (t: Test) => Promise<Candidate | undefined>>> = {
  'run-directory': async (t) => {
    const runs = join(temporaryDirectory(t), 'runs');
    const directories = new RunDirectories(runs);
    return {
      remover: directories,
      split: (run, secrets) => [{ target: directories.locate(run, environment), secrets }],
      prepare: (target) => directories.prepare(target),
      place: ({ target }, run, { secrets }) =>
        directories.create(target, {
          ...{ run, secrets, workspace: 'local/main', secretDelivery, ledger: 'l1', expiresAt: EXPIRES },
          references: new Map(),
          files: {},
        }),
      placeHalf: ({ target }) => {
        mkdirSync(target, { mode: 0o700 });
        writeFileSync(join(target, '.store.json.0123'), 'half a file');
      },
      makeUnavailable: () => {
        directories.close(); // as another daemon, which holds nothing
        renameSync(runs, `${runs}.away`);
        mkdirSync(runs, { mode: 0o700 }); // like the mount point of an unmounted file system
        return () => {
          rmdirSync(runs);
          renameSync(`${runs}.away`, runs);
        };
      },
    };
  },
  'aws-secrets-manager': async () => {
    const aws = await (sharedAws ??= startAws(t));
    if (aws === undefined) return undefined;
    await startOver(aws);
    const onAws = environmentOf(settingsFor(aws));
    return {
      ...objectStore(storeFor(), onAws),
      placeHalf: async (location, run, bundle) => {
        aws.rules.losing = 100; // AWS creates the object, but no reply arrives
        await objectStore(storeFor(undefined, { placing: 100 }), onAws)
          .place(location, run, bundle)
          .catch(() => undefined);
        aws.rules.losing = 0;
      },
      makeUnavailable: () => {
        aws.rules.down = true;
        return () => (aws.rules.down = false);
      },
    };
  },
};

void t.test('every kind of object that holds secrets is a candidate', async (t) => {
  const platforms = createStores({ owner: 'ada', clock: systemClock, faults: noFaults });
  const kinds = [...platforms.values()].flatMap(({ secrets: { objects } }) => objects?.kind ?? []);
  t.same(Object.keys(candidates).sort(), ['run-directory', ...kinds].sort());
});

const newValue = (): string => randomBytes(12).toString('hex');

for (const [kind, make] of Object.entries(candidates)) {
  void t.test(kind, async (t) => {
    const value = newValue();
    const secretsOf = (count: number): ReadonlyMap<string, SecretValue> =>
      new Map(
        Array.from({ length: count }, (_, index) => [
          `FOO_${String(index)}`,
          new SecretValue(Buffer.from(value)),
        ]),
      );
    /** Returns one object of a candidate: its location, and functions that create it. */
    const objectOf = async ({ split, prepare, place, placeHalf }: Candidate, run: string) => {
      const [bundle] = split(run, secretsOf(1));
      if (bundle === undefined) throw new Error('no object for the run');
      const location = { target: bundle.target, locator: await prepare(bundle.target), sentAt: null };
      return {
        location,
        place: () => place(location, run, bundle),
        placeHalf: () => placeHalf(location, run, bundle),
      };
    };

    await t.test(
      'splits deterministically, without creating objects, with distinct targets per run',
      async (t) => {
        const candidate = await make(t);
        if (candidate === undefined) return;
        const { remover, split } = candidate;
        t.equal(remover.kind, kind);
        const bundles = split('r20260101aaaaaaa1', secretsOf(3));
        t.same(
          bundles.flatMap(({ secrets }) => [...secrets.keys()]).sort(),
          ['FOO_0', 'FOO_1', 'FOO_2'],
          'each secret is in exactly one bundle',
        );
        const targets = bundles.map(({ target }) => target);
        t.same(
          split('r20260101aaaaaaa1', secretsOf(3)).map(({ target }) => target),
          targets,
        );
        for (const { target } of split('r20260101aaaaaaa2', secretsOf(3))) t.notOk(targets.includes(target));
        const { location } = await objectOf(candidate, 'r20260101aaaaaaa1');
        t.equal((await remover.inspect(location)).state, 'absent');
      },
    );

    await t.test('finds an object that it created, and not after removing it', async (t) => {
      const candidate = await make(t);
      if (candidate === undefined) return;
      const { remover } = candidate;
      const { location, place } = await objectOf(candidate, 'r20260101aaaaaaa1');
      await place();
      t.equal((await remover.inspect(location)).state, 'present');
      await remover.remove(location);
      const { state, evidence } = await remover.inspect(location);
      t.equal(state, 'absent');
      t.match(evidence, location.target, 'the evidence names the object');
    });

    await t.test('removes idempotently, including objects that do not exist', async (t) => {
      const candidate = await make(t);
      if (candidate === undefined) return;
      const { remover } = candidate;
      const { location, place } = await objectOf(candidate, 'r20260101aaaaaaa1');
      await remover.remove(location);
      await place();
      await remover.remove(location);
      await remover.remove(location);
      t.equal((await remover.inspect(location)).state, 'absent');
    });

    await t.test('never writes into an existing object', async (t) => {
      const candidate = await make(t);
      if (candidate === undefined) return;
      const { location, place } = await objectOf(candidate, 'r20260101aaaaaaa1');
      await place();
      await t.rejects(place(), { code: 'store-unavailable' });
      t.equal((await candidate.remover.inspect(location)).state, 'present');
    });

    await t.test('finds and removes a partially created object', async (t) => {
      const candidate = await make(t);
      if (candidate === undefined) return;
      const { remover } = candidate;
      const { location, placeHalf } = await objectOf(candidate, 'r20260101aaaaaaa1');
      await placeHalf();
      t.equal((await remover.inspect(location)).state, 'present');
      await remover.remove(location);
      t.equal((await remover.inspect(location)).state, 'absent');
    });

    await t.test('does not report an unavailable object as removed', async (t) => {
      const candidate = await make(t);
      if (candidate === undefined) return;
      const { remover } = candidate;
      const { location, place } = await objectOf(candidate, 'r20260101aaaaaaa1');
      await place();
      const makeAvailable = candidate.makeUnavailable();
      await t.rejects(remover.inspect(location), { code: 'store-unavailable' });
      await t.rejects(remover.remove(location), { code: 'store-unavailable' });
      makeAvailable();
      t.equal((await remover.inspect(location)).state, 'present');
    });

    await t.test('keeps objects of other runs', async (t) => {
      const candidate = await make(t);
      if (candidate === undefined) return;
      const one = await objectOf(candidate, 'r20260101aaaaaaa1');
      const two = await objectOf(candidate, 'r20260101aaaaaaa2');
      await one.place();
      await two.place();
      await candidate.remover.remove(one.location);
      t.equal((await candidate.remover.inspect(two.location)).state, 'present');
    });

    await t.test('refuses a foreign target and reveals no value in errors', async (t) => {
      const candidate = await make(t);
      if (candidate === undefined) return;
      const { remover } = candidate;
      await t.rejects(remover.remove({ target: '/etc', locator: null, sentAt: null }), { code: 'internal' });
      await t.rejects(remover.inspect({ target: '/etc', locator: null, sentAt: null }), { code: 'internal' });
      const { place } = await objectOf(candidate, 'r20260101aaaaaaa1');
      await place();
      const thrown: unknown = await place().catch((error: unknown) => error);
      t.ok(thrown instanceof EscrowError && !thrown.message.includes(value));
    });
  });
}
