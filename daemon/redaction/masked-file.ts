import type { MatchSink } from './match-stream.ts';

/** Bytes of a file that are a value: offsets from its beginning. */
export interface MaskedRange {
  readonly start: number;
  readonly end: number;
  readonly secret: string;
}

/** Which file it is, and in which state. A rename changes none of this. */
export interface FileIdentity {
  readonly device: number;
  readonly inode: number;
  readonly size: number;
  readonly mtimeMs: number;
}

/** Returns a sink that records where values are. The last of `most` ranges reaches to the end of the last value. */
export function recordRanges(ranges: MaskedRange[], most: number): MatchSink {
  const extend = (end: number): void => {
    const last = ranges.at(-1);
    if (last !== undefined) ranges[ranges.length - 1] = { ...last, end };
  };
  return {
    text: () => undefined,
    begin: (secret, start, end) => {
      if (ranges.length < most) ranges.push({ start, end, secret });
      else extend(end);
    },
    extend,
  };
}
