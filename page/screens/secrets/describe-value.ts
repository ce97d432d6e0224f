import { VALUE_MAX } from '../../../daemon/contract/value-size.ts';
import { bytes as size } from '../../format/counts.ts';

/** What a person should know about a value before it is saved. */
export interface ValueDescription {
  /** Why the value cannot be saved. */
  readonly error?: string;
  readonly endsWithLineBreak: boolean;
  readonly hasCarriageReturns: boolean;
  /** Whether the value is not UTF-8 text, so that AWS Batch cannot deliver it. */
  readonly isBinary: boolean;
}

const LF = 10;
const CR = 13;

/** Checks a value by the same limits as the daemon, which checks again. */
export function describeValue(value: Uint8Array): ValueDescription {
  const error = errorOf(value);
  return {
    ...(error === undefined ? {} : { error }),
    endsWithLineBreak: value.at(-1) === LF,
    hasCarriageReturns: value.some((byte, index) => byte === CR && value[index + 1] === LF),
    isBinary: !isText(value),
  };
}

/** Returns a value without the line break at its end. */
export function withoutLastLineBreak(value: Uint8Array): Uint8Array {
  if (value.at(-1) !== LF) return value;
  return value.slice(0, value.at(-2) === CR ? -2 : -1);
}

/** Returns a value with LF in place of CR LF. */
export function withLineFeeds(value: Uint8Array): Uint8Array {
  return value.filter((byte, index) => byte !== CR || value[index + 1] !== LF);
}

function errorOf(value: Uint8Array): string | undefined {
  if (value.length === 0) return 'The value is empty.';
  if (value.length > VALUE_MAX)
    return `The size of the value is ${size(value.length)}. The maximum is ${size(VALUE_MAX)}.`;
  return value.includes(0)
    ? 'The value contains a NUL byte, which an environment variable cannot contain.'
    : undefined;
}

function isText(value: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(value);
    return true;
  } catch {
    return false;
  }
}
