const numbers = new Intl.NumberFormat('en');

/** Returns a count with its noun: `1 secret`, `2,000 secrets`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${numbers.format(number)} ${number === 1 ? noun : plural}`;
}

/** Returns a number with separators. */
export function grouped(number: number): string {
  return numbers.format(number);
}

/** Returns a size, with its exact number of bytes below 10 KiB. */
export function bytes(number: number): string {
  if (number < 10_240) return count(number, 'byte');
  if (number < 1_048_576) return `${numbers.format(Math.round(number / 102.4) / 10)} KiB`;
  return `${numbers.format(Math.round(number / 104_857.6) / 10)} MiB`;
}
