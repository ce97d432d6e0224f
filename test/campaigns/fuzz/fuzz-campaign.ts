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

/** An input that was handled wrongly. */
interface Failure {
  readonly target: string;
  /** Its index in the campaign. The same seed gives the same input. */
  readonly index: number;
  readonly what: string;
  readonly input: Buffer;
}

export interface Result {
  readonly target: string;
  readonly inputs: number;
  /** Number of inputs that were rejected with an error of the table. */
  readonly refused: number;
  readonly failures: readonly Failure[];
  readonly slowestMs: number;
  /** Index of the slowest input. */
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

/** Limit of CPU time per input. The elapsed time depends on the load of the machine. */
const LIMIT_MS = 1000;
/** Limit of elapsed time per input, for inputs that block. */
const BLOCKED_MS = 60_000;
/** Inputs per batch: half of them are new, half are saved ones with changed bytes. */
const BATCH = 512;
const CHECK_EVERY = 512;
/** A campaign stops after this number of failures. */
const FAILURES_MAX = 20;

/** Feeds a target with its saved inputs, then with generated ones. */
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
      const cost = excess(found, limit);
      // Repeated, because garbage collection and other work of this process count as well.
      const isSlow =
        cost !== undefined && excess(await feedOne(subject, input, ground.needle), limit) !== undefined;
      const what = found.what ?? (isSlow ? cost : undefined);
      if (what !== undefined) failures.push({ target: target.name, index, what, input });
      if (found.ms > slowestMs) [slowestMs, slowest] = [found.ms, index];
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
  /** Elapsed time. */
  readonly ms: number;
  /** CPU time of all threads. */
  readonly cpuMs: number;
  readonly refused: boolean;
  readonly what: string | undefined;
}

/** Describes how an input exceeds its limits; undefined when it does not. */
function excess({ ms, cpuMs }: Fed, limitMs: number): string | undefined {
  if (cpuMs > limitMs) return `takes ${cpuMs.toFixed(0)} ms of CPU time`;
  return ms > BLOCKED_MS ? `blocks for ${ms.toFixed(0)} ms` : undefined;
}

async function feedOne(subject: Subject, input: Buffer, needle: string): Promise<Fed> {
  const [begun, cpu] = [performance.now(), process.cpuUsage()];
  let output: unknown;
  let refused = false;
  let crash: string | undefined;
  try {
    output = await subject.run(input);
  } catch (error) {
    refused = error instanceof EscrowError;
    if (error instanceof EscrowError && error.code !== 'internal') output = [error.message, error.hint];
    else crash = describe(error);
  }
  const ms = performance.now() - begun;
  const { user, system } = process.cpuUsage(cpu);
  const text =
    crash ??
    (typeof output === 'string'
      ? output
      : output === undefined
        ? ''
        : inspect(output, { depth: 10, maxStringLength: null, maxArrayLength: null }));
  const what = text.includes(needle) ? `reveals a value: ${text.slice(0, 400)}` : crash;
  return { ms, cpuMs: (user + system) / 1000, refused, what };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : inspect(error);
}

const batches = new Map<string, readonly Buffer[]>();

/** Returns the input with an index of the campaign. */
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

/** Returns the saved inputs of a target, including all that ever failed. */
function corpusOf(name: string): Buffer[] {
  const directory = join(root, 'test/campaigns/fuzz/corpora', name);
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .sort()
    .map((file) => readFileSync(join(directory, file)));
}
