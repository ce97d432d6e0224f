import type { Arbitrary } from 'fast-check';

/** What a target is given to work in. */
export interface Ground {
  /** A directory of its own, mode 0700; gone afterwards. */
  readonly directory: string;
  /** Made at random for each campaign. It stands in inputs where a secret's value does, and must come back nowhere. No name. */
  readonly needle: string;
}

/** A reader of something from outside, made ready to be fed. */
export interface Subject {
  /**
   * Feeds one input and gives all that was told of it: answers, output, log lines. What it throws has to be an error of
   * the closed table; anything else is a crash.
   */
  run(input: Buffer): unknown;
  /** How long it may take, where that is longer than a second on purpose. */
  limitMs?(input: Buffer): number | undefined;
  /** Asked now and then, and at the end: throws where state was lost, or a value lies where it must not. */
  check?(): Promise<void> | void;
  close?(): Promise<void> | void;
}

/** One input of the product that somebody else writes. */
export interface Target {
  readonly name: string;
  /** Its part of the inputs of a campaign; fewer where each costs much. */
  readonly share: number;
  /** Inputs made from nothing; others are saved ones (corpora/NAME/, `seeds`) with some bytes changed. */
  readonly arbitrary: Arbitrary<string | Uint8Array>;
  /** Saved inputs that cannot lie in a file, as they hold a key of this campaign or are too large. */
  readonly seeds?: (ground: Ground) => Promise<Buffer[]> | Buffer[];
  open(ground: Ground): Promise<Subject> | Subject;
}

/** Stands for the needle in saved inputs. */
export const NEEDLE = '@NEEDLE@';

/** The input as a text, with the needle in the place of its mark. */
export function textOf(input: Buffer, needle: string): string {
  return input.toString('utf8').replaceAll(NEEDLE, needle);
}

/** The same as bytes: what is no UTF-8 stays as it is. */
export function bytesOf(input: Buffer, needle: string): Buffer {
  return Buffer.from(input.toString('latin1').replaceAll(NEEDLE, needle), 'latin1');
}

/** Asserts what a target promises beyond not to crash. */
export function hold(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`does not hold: ${what}`);
}
