import { mkdirSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { ComputeEnvironment } from '../../daemon/contract/types.ts';
import { EscrowError } from '../../daemon/errors.ts';
import { NextflowStore } from '../../daemon/stores/nextflow-store.ts';
import type { Placement, Store } from '../../daemon/stores/store.ts';
import { SecretValue } from '../../daemon/vault/secret-value.ts';
import { temporaryDirectory } from '../temporary.ts';

/** A store to hold to its interface, and what only its own kind can tell. */
interface Candidate {
  readonly store: Store;
  readonly environment: ComputeEnvironment;
  /** Leaves of an object what a crash in the middle of placing it would. */
  readonly placeHalf: (target: string) => void;
}

const environment: ComputeEnvironment = {
  name: 'local',
  platform: 'hpc',
  runsDirectory: null,
  isDefault: true,
  dateCreated: '',
  lastUpdated: '',
};

/** Every store of the product is here: daemon/stores/store.ts states what is checked below. */
const candidates: Readonly<Record<string, (t: Test) => Candidate>> = {
  'nextflow-store': (t) => {
    const runs = join(temporaryDirectory(t), 'runs');
    return {
      store: new NextflowStore(runs),
      environment,
      placeHalf: (target) => {
        mkdirSync(runs, { mode: 0o700 });
        mkdirSync(target, { mode: 0o700 });
        writeFileSync(join(target, '.store.json.0123'), 'half a file');
      },
    };
  },
};

const newValue = (): string => randomBytes(12).toString('hex');

for (const [kind, make] of Object.entries(candidates)) {
  void t.test(kind, async (t) => {
    const value = newValue();
    const placementOf = ({ store, environment: place }: Candidate, run: string): Placement => ({
      run,
      ledger: 'l1',
      target: store.locate(run, place),
      secrets: new Map([['FOO_KEY', new SecretValue(Buffer.from(value))]]),
    });

    await t.test('locates without making, the same each time, and each run elsewhere', async (t) => {
      const candidate = make(t);
      const { store, environment: place } = candidate;
      t.equal(store.kind, kind);
      t.equal(store.locate('r1', place), store.locate('r1', place));
      t.not(store.locate('r1', place), store.locate('r2', place));
      t.equal((await store.inspect(store.locate('r1', place))).state, 'absent');
    });

    await t.test('places, and is found; removes, and is not', async (t) => {
      const candidate = make(t);
      const placement = placementOf(candidate, 'r1');
      candidate.store.check(placement.secrets);
      await candidate.store.place(placement);
      t.equal((await candidate.store.inspect(placement.target)).state, 'present');
      await candidate.store.remove(placement.target);
      const { state, how } = await candidate.store.inspect(placement.target);
      t.equal(state, 'absent');
      t.match(how, placement.target, 'it says what was looked at');
    });

    await t.test('removes what is not there, as often as asked', async (t) => {
      const candidate = make(t);
      const placement = placementOf(candidate, 'r1');
      await candidate.store.remove(placement.target);
      await candidate.store.place(placement);
      await candidate.store.remove(placement.target);
      await candidate.store.remove(placement.target);
      t.equal((await candidate.store.inspect(placement.target)).state, 'absent');
    });

    await t.test('never writes into what is there already', async (t) => {
      const candidate = make(t);
      await candidate.store.place(placementOf(candidate, 'r1'));
      await t.rejects(candidate.store.place(placementOf(candidate, 'r1')), { code: 'store-unavailable' });
      t.equal((await candidate.store.inspect(placementOf(candidate, 'r1').target)).state, 'present');
    });

    await t.test('sees and removes what was placed by half', async (t) => {
      const candidate = make(t);
      const { target } = placementOf(candidate, 'r1');
      candidate.placeHalf(target);
      t.equal((await candidate.store.inspect(target)).state, 'present');
      await candidate.store.remove(target);
      t.equal((await candidate.store.inspect(target)).state, 'absent');
    });

    await t.test('one run leaves the other alone', async (t) => {
      const candidate = make(t);
      const [one, two] = [placementOf(candidate, 'r1'), placementOf(candidate, 'r2')];
      await candidate.store.place(one);
      await candidate.store.place(two);
      await candidate.store.remove(one.target);
      t.equal((await candidate.store.inspect(two.target)).state, 'present');
    });

    await t.test('refuses a target that cannot be its own, and tells no value', async (t) => {
      const candidate = make(t);
      await t.rejects(candidate.store.remove('/etc'), { code: 'internal' });
      await t.rejects(candidate.store.inspect('/etc'), { code: 'internal' });
      const placement = placementOf(candidate, 'r1');
      await candidate.store.place(placement);
      const thrown: unknown = await candidate.store.place(placement).catch((error: unknown) => error);
      t.ok(thrown instanceof EscrowError && !thrown.message.includes(value));
    });
  });
}
