import { mkdirSync, renameSync, rmdirSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { SecretDelivery, ComputeEnvironment } from '../../../daemon/contract/types.ts';
import { EscrowError } from '../../../daemon/errors.ts';
import { NextflowStore } from '../../../daemon/stores/nextflow-store.ts';
import type { Placement, SecretsStore, DeliveryRequest } from '../../../daemon/stores/store.ts';
import { SecretValue } from '../../../daemon/vault/secret-value.ts';
import type { StrictAws } from '../../support/aws/strict-aws.ts';
import { environmentOf, settingsFor, startAws, startOver, storeFor } from '../../support/aws/test-aws.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

/** A store to hold to its interface, and what only its own kind can tell. */
interface Candidate {
  readonly store: SecretsStore;
  readonly environment: ComputeEnvironment;
  /** Leaves of an object what a crash in the middle of placing it would. */
  readonly placeHalf: (place: Placement) => void | Promise<void>;
  /** Has what the objects lie in go away for a while; undefined where it cannot. Returns what brings it back. */
  readonly takeAway?: () => () => void;
}

const environment: ComputeEnvironment = {
  name: 'local',
  platform: 'hpc',
  runsDirectory: null,
  isDefault: true,
  dateCreated: '',
  lastUpdated: '',
};

const secretDelivery: SecretDelivery = {
  plugin: null,
  reason: null,
  configPhase: true,
  environment: {},
  restore: {},
};
/** One for all: it takes seconds to start. */
let sharedAws: Promise<StrictAws | undefined> | undefined;

/** Every store of the product is here: daemon/stores/store.ts states what is checked below. */
const candidates: Readonly<Record<string, (t: Test) => Promise<Candidate | undefined>>> = {
  'run-directory': async (t) => {
    const runs = join(temporaryDirectory(t), 'runs');
    return {
      store: new NextflowStore(runs),
      environment,
      placeHalf: ({ target }) => {
        mkdirSync(target, { mode: 0o700 });
        writeFileSync(join(target, '.store.json.0123'), 'half a file');
      },
      takeAway: () => {
        renameSync(runs, `${runs}.away`);
        mkdirSync(runs, { mode: 0o700 }); // as the mount point of a file system that is not mounted
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
    const store = storeFor();
    return {
      store,
      environment: environmentOf(settingsFor(aws)),
      placeHalf: async (placement) => {
        aws.rules.losing = 100; // it is made, and nobody is told
        await storeFor(undefined, { placing: 100 })
          .place(placement)
          .catch(() => undefined);
        aws.rules.losing = 0;
      },
      takeAway: () => {
        aws.rules.down = true;
        return () => (aws.rules.down = false);
      },
    };
  },
};

const newValue = (): string => randomBytes(12).toString('hex');

for (const [kind, make] of Object.entries(candidates)) {
  void t.test(kind, async (t) => {
    const value = newValue();
    const wantedOf = (candidate: Candidate, run: string, count = 1): DeliveryRequest => ({
      run,
      workspace: 'local/main',
      environment: candidate.environment,
      secretDelivery,
      secrets: new Map(
        Array.from({ length: count }, (_, index) => [
          `FOO_${String(index)}`,
          new SecretValue(Buffer.from(value)),
        ]),
      ),
    });
    const placementOf = async (candidate: Candidate, run: string): Promise<Placement> => {
      const wanted = wantedOf(candidate, run);
      const [part] = candidate.store.split(wanted);
      if (part === undefined) throw new Error('no object for the run');
      const locator = await candidate.store.prepare(part.target, candidate.environment);
      const expiresAt = new Date(Date.now() + 3600_000).toISOString();
      return {
        ...wanted,
        ...part,
        ledger: 'l1',
        locator,
        sentAt: null,
        expiresAt,
        references: new Map(),
        files: {},
        noteSent: async () => undefined,
      };
    };

    await t.test('divides without making, the same each time, and each run elsewhere', async (t) => {
      const candidate = await make(t);
      if (candidate === undefined) return;
      const { store } = candidate;
      t.equal(store.kind, kind);
      const parts = store.split(wantedOf(candidate, 'r20260101aaaaaaa1', 3));
      t.same(
        parts.flatMap(({ secrets }) => [...secrets.keys()]).sort(),
        ['FOO_0', 'FOO_1', 'FOO_2'],
        'each secret is in exactly one part',
      );
      const targets = parts.map(({ target }) => target);
      t.same(
        store.split(wantedOf(candidate, 'r20260101aaaaaaa1', 3)).map(({ target }) => target),
        targets,
      );
      for (const { target } of store.split(wantedOf(candidate, 'r20260101aaaaaaa2', 3)))
        t.notOk(targets.includes(target));
      t.equal((await store.inspect(await placementOf(candidate, 'r20260101aaaaaaa1'))).state, 'absent');
    });

    await t.test('places, and is found; removes, and is not', async (t) => {
      const candidate = await make(t);
      if (candidate === undefined) return;
      const placement = await placementOf(candidate, 'r20260101aaaaaaa1');
      candidate.store.check(placement.secrets, secretDelivery);
      await candidate.store.place(placement);
      t.equal((await candidate.store.inspect(placement)).state, 'present');
      await candidate.store.remove(placement);
      const { state, evidence: how } = await candidate.store.inspect(placement);
      t.equal(state, 'absent');
      t.match(how, placement.target, 'it says what was looked at');
    });

    await t.test('removes what is not there, as often as asked', async (t) => {
      const candidate = await make(t);
      if (candidate === undefined) return;
      const placement = await placementOf(candidate, 'r20260101aaaaaaa1');
      await candidate.store.remove(placement);
      await candidate.store.place(placement);
      await candidate.store.remove(placement);
      await candidate.store.remove(placement);
      t.equal((await candidate.store.inspect(placement)).state, 'absent');
    });

    await t.test('never writes into what is there already', async (t) => {
      const candidate = await make(t);
      if (candidate === undefined) return;
      await candidate.store.place(await placementOf(candidate, 'r20260101aaaaaaa1'));
      await t.rejects(candidate.store.place(await placementOf(candidate, 'r20260101aaaaaaa1')), {
        code: 'store-unavailable',
      });
      t.equal(
        (await candidate.store.inspect(await placementOf(candidate, 'r20260101aaaaaaa1'))).state,
        'present',
      );
    });

    await t.test('sees and removes what was placed by half', async (t) => {
      const candidate = await make(t);
      if (candidate === undefined) return;
      const place = await placementOf(candidate, 'r20260101aaaaaaa1');
      await candidate.placeHalf(place);
      t.equal((await candidate.store.inspect(place)).state, 'present');
      await candidate.store.remove(place);
      t.equal((await candidate.store.inspect(place)).state, 'absent');
    });

    await t.test('what is away is not gone', async (t) => {
      const candidate = await make(t);
      if (candidate === undefined) return;
      const place = await placementOf(candidate, 'r20260101aaaaaaa1');
      await candidate.store.place(place);
      const bringBack = candidate.takeAway?.();
      if (bringBack === undefined) return;
      await t.rejects(candidate.store.inspect(place), { code: 'store-unavailable' });
      await t.rejects(candidate.store.remove(place), { code: 'store-unavailable' });
      bringBack();
      t.equal((await candidate.store.inspect(place)).state, 'present');
    });

    await t.test('one run leaves the other alone', async (t) => {
      const candidate = await make(t);
      if (candidate === undefined) return;
      const [one, two] = [
        await placementOf(candidate, 'r20260101aaaaaaa1'),
        await placementOf(candidate, 'r20260101aaaaaaa2'),
      ];
      await candidate.store.place(one);
      await candidate.store.place(two);
      await candidate.store.remove(one);
      t.equal((await candidate.store.inspect(two)).state, 'present');
    });

    await t.test('refuses a target that cannot be its own, and tells no value', async (t) => {
      const candidate = await make(t);
      if (candidate === undefined) return;
      await t.rejects(candidate.store.remove({ target: '/etc', locator: null, sentAt: null }), {
        code: 'internal',
      });
      await t.rejects(candidate.store.inspect({ target: '/etc', locator: null, sentAt: null }), {
        code: 'internal',
      });
      const placement = await placementOf(candidate, 'r20260101aaaaaaa1');
      await candidate.store.place(placement);
      const thrown: unknown = await candidate.store.place(placement).catch((error: unknown) => error);
      t.ok(thrown instanceof EscrowError && !thrown.message.includes(value));
    });
  });
}
