import type { MaskedRange } from './masked-file.ts';

/** A part of a redacted file: bytes of the file, or a label. */
export type Segment = { readonly from: number; readonly to: number } | { readonly label: Buffer };

/** A file in which labels replace ranges. Its bytes are numbered as a reader sees them. */
export class RedactedView {
  readonly size: number;
  readonly #ranges: readonly MaskedRange[];
  readonly #end: number;
  readonly #labelOf: (secret: string) => Buffer;

  /** `ranges` are in order and do not overlap. `end`: number of bytes of the file that are shown. */
  constructor(ranges: readonly MaskedRange[], end: number, labelOf: (secret: string) => Buffer) {
    this.#ranges = ranges;
    this.#end = end;
    this.#labelOf = labelOf;
    this.size = 0;
    for (const segment of this.#segments()) this.size += lengthOf(segment);
  }

  /** Yields what is between two positions of the view, including the last one. */
  *between(first: number, last: number): Generator<Segment> {
    let at = 0;
    for (const segment of this.#segments()) {
      const [skipped, length] = [Math.max(0, first - at), lengthOf(segment)];
      const end = Math.min(length, last + 1 - at);
      at += length;
      if (skipped >= end) {
        if (end <= 0) return;
        continue;
      }
      if ('label' in segment) yield { label: segment.label.subarray(skipped, end) };
      else yield { from: segment.from + skipped, to: segment.from + end };
    }
  }

  *#segments(): Generator<Segment> {
    let from = 0;
    for (const { start, end, secret } of this.#ranges) {
      if (start >= this.#end) break;
      if (start > from) yield { from, to: start };
      yield { label: this.#labelOf(secret) };
      from = end;
    }
    if (from < this.#end) yield { from, to: this.#end };
  }
}

function lengthOf(segment: Segment): number {
  return 'label' in segment ? segment.label.length : segment.to - segment.from;
}
