import type { Arbitrary } from 'fast-check';

/** The environment of a target. */
export interface Ground {
  /** A temporary directory, mode 0700. */
  readonly directory: string;
  /** A random secret value, which inputs contain and which no output may contain. It is not a valid secret name. */
  readonly needle: string;
}

/** A parser of untrusted input, ready to run. */
export interface Subject {
  /**
   * Feeds one input and returns all resulting output: responses, terminal output, log lines. An error of the closed table
   * rejects the input; any other error is a crash.
   */
  run(input: Buffer): unknown;
  /** Returns the CPU time that an input may use, if that is intentionally more than a second. */
  limitMs?(input: Buffer): number | undefined;
  /** Called regularly and at the end. Throws when state was lost or a value is in a wrong place. */
  check?(): Promise<void> | void;
  close?(): Promise<void> | void;
}

/** A kind of untrusted input. */
export interface Target {
  readonly name: string;
  /** Its share of a campaign's inputs. Smaller for expensive inputs. */
  readonly share: number;
  /** Generates new inputs. Others are saved ones (corpora/NAME/, `seeds`) with changed bytes. */
  readonly arbitrary: Arbitrary<string | Uint8Array>;
  /** Returns initial inputs that no file can contain, because they depend on this campaign's keys or are too large. */
  readonly seeds?: (ground: Ground) => Promise<Buffer[]> | Buffer[];
  open(ground: Ground): Promise<Subject> | Subject;
}

/** The placeholder of the needle in saved inputs. */
export const NEEDLE = '@NEEDLE@';

/** Returns the input as text, with the placeholder replaced by the needle. */
export function textOf(input: Buffer, needle: string): string {
  return input.toString('utf8').replaceAll(NEEDLE, needle);
}

/** Returns the input as bytes, with the placeholder replaced. Keeps invalid UTF-8. */
export function bytesOf(input: Buffer, needle: string): Buffer {
  return Buffer.from(input.toString('latin1').replaceAll(NEEDLE, needle), 'latin1');
}

/** Asserts an invariant of a target. */
export function hold(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`violated: ${what}`);
}
