import type { Needle } from './needles.ts';

/** Characters around a name. The first that completes no value around the label is used. */
const MARKS = [
  '*',
  '#',
  '█',
  '=',
  '~',
  '+',
  '|',
  '^',
  '@',
  '&',
  '%',
  '!',
  '?',
  ':',
  '.',
  '_',
  '-',
  '<',
  '§',
  '►',
  '✱',
];
const REPEATED = 3;

/**
 * Returns what replaces the values of each secret: `***NAME***`. A name that contains a value is left out, and another
 * character is used if a value and an asterisk have bytes in common.
 */
export function labelsOf(needles: readonly Needle[]): Map<string, Buffer> {
  const mark = (markFor(needles) ?? '*').repeat(REPEATED);
  const labels = new Map<string, Buffer>();
  for (const { secret } of needles)
    if (!labels.has(secret)) {
      const label = Buffer.from(`${mark}${secret}${mark}`);
      const reveals = needles.some(({ bytes }) => label.includes(bytes));
      labels.set(secret, reveals ? Buffer.from(mark) : label);
    }
  return labels;
}

function markFor(needles: readonly Needle[]): string | undefined {
  const isUsed = new Uint8Array(256);
  for (const { bytes } of needles) for (const byte of bytes) isUsed[byte] = 1;
  const isUnused = (mark: string): boolean => Buffer.from(mark).every((byte) => isUsed[byte] === 0);
  return MARKS.find(isUnused) ?? MARKS.find((mark) => !needles.some(({ bytes }) => touches(bytes, mark)));
}

/** Whether bytes contain the beginning of a label, end like it, or start like its end: then text around it may complete them. */
function touches(bytes: Buffer, mark: string): boolean {
  const marks = Buffer.from(mark.repeat(REPEATED));
  if (bytes.includes(marks)) return true;
  for (let length = 1; length < marks.length; length += 1) {
    const [tail, head] = [bytes.subarray(-length), bytes.subarray(0, length)];
    if (tail.equals(marks.subarray(0, length)) || head.equals(marks.subarray(-length))) return true;
  }
  return false;
}
