import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { sample } from 'fast-check';
import { EscrowError } from '../../../daemon/errors.ts';
import { root } from '../../support/sandbox.ts';
import { mutate } from './mutate.ts';
import { randomOf, seedOf } from './random.ts';
import type { Subject, Target } from './target.ts';

/** An input that was not taken as it should be. */
export interface Failure {
  readonly target: string;
  /** Which input of the campaign: the same seed gives the same one. */
  readonly index: number;
  readonly what: string;
  readonly input: Buffer;
}

export interface Result {
  readonly target: string;
  readonly inputs: number;
  /** Of them: those that were refused with an error of the table. */
  readonly refused: number;
  readonly failures: readonly Failure[];
  readonly slowestMs: number;
  /** Which input that was. */
  readonly slowest: number;
  readonly seconds: number;
}

export interface Wanted {
  readonly inputs: number;
  readonly seed: number;
  /** Only this input of the campaign. */
  readonly only?: number | undefined;
  /** Called before each input. */
  readonly onInput?: (index: number) => void;
}

/** Nothing that stands in an input may keep anybody waiting longer. */
const LIMIT_MS = 1000;
/** Inputs are made so many at a time: half of them new, half of them saved ones with some bytes changed. */
const BATCH = 512;
const CHECK_EVERY = 512;
/** A target that fails at everything need not fail a million times. */
const FAILURES_MAX = 20;

/** Feeds a target with its saved inputs, and then with as many made ones as are wanted. */
export async function campaign(target: Target, wanted: Wanted): Promise<Result> {
  const directory = mkdtempSync(existsSync('/dev/shm') ? '/dev/shm/nfe-' : '/tmp/nfe-');
  const ground = { directory, needle: `needle.${randomBytes(12).toString('hex')}` };
  const failures: Failure[] = [];
  const begun = performance.now();
  let [slowestMs, slowest, inputs, refused] = [0, 0, 0, 0];
  try {
    const corpus = [...corpusOf(target.name), ...((await target.seeds?.(ground)) ?? [])];
    const subject = await target.open(ground);
    const feed = async (input: Buffer, index: number): Promise<void> => {
      wanted.onInput?.(index);
      const found = await feedOne(subject, input, ground.needle);
      const limit = subject.limitMs?.(input) ?? LIMIT_MS;
      // A pause may be the machine's: it has to come again.
      const ms =
        found.ms > limit ? Math.min(found.ms, (await feedOne(subject, input, ground.needle)).ms) : found.ms;
      const what = found.what ?? (ms > limit ? `takes ${ms.toFixed(0)} ms` : undefined);
      if (what !== undefined) failures.push({ target: target.name, index, what, input });
      if (ms > slowestMs) [slowestMs, slowest] = [ms, index];
      inputs += 1;
      refused += Number(found.refused);
    };
    const check = async (index: number): Promise<void> => {
      try {
        await subject.check?.();
      } catch (error) {
        failures.push({ target: target.name, index, what: describe(error), input: Buffer.alloc(0) });
      }
    };
    if (wanted.only === undefined)
      for (const [index, input] of corpus.entries()) await feed(input, index - corpus.length);
    for (let index = wanted.only ?? 0; index < (wanted.only ?? wanted.inputs - 1) + 1; index += 1) {
      await feed(inputAt(target, corpus, wanted.seed, index), index);
      if (index % CHECK_EVERY === CHECK_EVERY - 1) await check(index);
      if (failures.length >= FAILURES_MAX) break;
    }
    await check(wanted.inputs);
    await subject.close?.();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return {
    target: target.name,
    inputs,
    refused,
    failures,
    slowestMs,
    slowest,
    seconds: (performance.now() - begun) / 1000,
  };
}

interface Fed {
  readonly ms: number;
  readonly refused: boolean;
  readonly what: string | undefined;
}

async function feedOne(subject: Subject, input: Buffer, needle: string): Promise<Fed> {
  const begun = performance.now();
  let told: unknown;
  let refused = false;
  let crash: string | undefined;
  try {
    told = await subject.run(input);
  } catch (error) {
    refused = error instanceof EscrowError;
    if (error instanceof EscrowError && error.code !== 'internal') told = [error.message, error.hint];
    else crash = describe(error);
  }
  const ms = performance.now() - begun;
  const text =
    crash ??
    (typeof told === 'string'
      ? told
      : told === undefined
        ? ''
        : inspect(told, { depth: 10, maxStringLength: null, maxArrayLength: null }));
  const what = text.includes(needle) ? `a value is told: ${text.slice(0, 400)}` : crash;
  return { ms, refused, what };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : inspect(error);
}

const batches = new Map<string, readonly Buffer[]>();

/** The input at a place of the campaign. */
function inputAt(target: Target, corpus: readonly Buffer[], seed: number, index: number): Buffer {
  const batch = Math.floor(index / BATCH);
  const key = `${target.name} ${String(seed)} ${String(batch)}`;
  let made = batches.get(key);
  if (made === undefined) {
    batches.clear();
    batches.set(key, (made = makeBatch(target, corpus, seed, batch)));
  }
  return made[index % BATCH] ?? Buffer.alloc(0);
}

function makeBatch(target: Target, corpus: readonly Buffer[], seed: number, batch: number): Buffer[] {
  const random = randomOf(seedOf(seed, target.name, batch));
  const fresh = sample(target.arbitrary, { seed: random(2 ** 31), numRuns: BATCH / 2 }).map((one) =>
    Buffer.from(one as string),
  );
  const changed = fresh.map((one) =>
    mutate(corpus[random(corpus.length)] ?? one, corpus.length === 0 ? fresh : corpus, random),
  );
  return [...fresh, ...changed];
}

/** The saved inputs of a target, among them those that once failed. */
function corpusOf(name: string): Buffer[] {
  const directory = join(root, 'test/campaigns/fuzz/corpora', name);
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .sort()
    .map((file) => readFileSync(join(directory, file)));
}
