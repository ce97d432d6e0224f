import { isUtf8 } from 'node:buffer';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ExposureEncoding } from '../../contract/types.ts';
import type { SecretValue } from '../../vault/secret-value.ts';
import { formsOf, wrappedBase64 } from './encodings.ts';
import type { Form } from './form.ts';

/** Minimum length of a needle in bytes. Shorter text occurs by chance. */
const NEEDLE_MIN = 6;
/** Longer values are searched in pieces of this length, so that a stream is held back by a few KiB at most. */
const PIECE = 1024;
/** Time after which other work gets its turn, because long values have many needles. */
const TURN_MS = 10;
/** Identical in all keys of the same kind. */
const PEM_BOUNDARY = /^-----(BEGIN|END) [A-Z0-9 ]+-----$/;
const CONTINUATION = 0b1000_0000;
const CONTINUATION_MASK = 0b1100_0000;

/** Text to search for: a value of a secret, or a part of it, in one encoding. */
export interface Needle {
  readonly secret: string;
  readonly encoding: ExposureEncoding;
  readonly bytes: Buffer;
}

/** Returns the needles of values, by name of the secret. They contain values: pass them to `clearNeedles` after use. */
export async function needlesOf(values: ReadonlyMap<string, SecretValue>): Promise<Needle[]> {
  const needles: Needle[] = [];
  let begun = performance.now();
  for (const [secret, value] of values) {
    const add = (forms: readonly Form[]): void => {
      for (const { encoding, bytes } of forms)
        if (bytes.length >= NEEDLE_MIN) needles.push({ secret, encoding, bytes });
    };
    const parts = partsOf(value.open());
    if (parts.length > 0) add(wrappedBase64(value.open()));
    for (const part of parts) {
      add(formsOf(part));
      if (performance.now() - begun < TURN_MS) continue;
      await nextTurn();
      begun = performance.now();
    }
  }
  return needles;
}

/** Overwrites the needles in memory. */
export function clearNeedles(needles: readonly Needle[]): void {
  for (const { bytes } of needles) bytes.fill(0);
}

/** Returns whether a value can be masked and searched for. */
export function isMaskable(value: SecretValue): boolean {
  return partsOf(value.open()).length > 0;
}

/**
 * Returns the parts of a value to search for: the value without line ends around it, in pieces, and each of its lines, because
 * logs and scripts indent and quote each line.
 */
function partsOf(value: Buffer): Buffer[] {
  const text = value.toString('latin1'); // one character per byte
  const lines = text.split(/\r\n|\r|\n/);
  const whole = text.replaceAll(/^[\r\n]+|[\r\n]+$/g, '');
  const distinct = new Set(
    lines.length === 1 || !isUtf8(value)
      ? []
      : lines.map((line) => line.trim()).filter((line) => !PEM_BOUNDARY.test(line)),
  );
  return [whole, ...[...distinct].filter((line) => line !== whole)]
    .filter(({ length }) => length >= NEEDLE_MIN)
    .flatMap((part) => piecesOf(Buffer.from(part, 'latin1')));
}

/** Splits bytes into pieces of similar length, between characters of UTF-8. */
function piecesOf(bytes: Buffer): Buffer[] {
  const count = Math.ceil(bytes.length / PIECE);
  const edges = Array.from({ length: count + 1 }, (_, index) => {
    const edge = Math.round((index * bytes.length) / count);
    for (let at = edge; at > Math.max(0, edge - 4); at -= 1)
      if (((bytes[at] ?? 0) & CONTINUATION_MASK) !== CONTINUATION) return at;
    return edge;
  });
  return edges.slice(1).map((end, index) => bytes.subarray(edges[index], end));
}
