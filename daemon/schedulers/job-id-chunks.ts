/**
 * Limits of the job ids on one command line. Linux guarantees 128 KiB for arguments and environment (execve(2)), and a
 * scheduler answers several short requests sooner than a very long one.
 */
const BYTES_MAX = 64 * 1024;
const IDS_MAX = 1000;

/** Splits job ids into lists that each fit on one command line. */
export function jobIdChunks(ids: readonly string[]): string[][] {
  const chunks: string[][] = [];
  let chunk: string[] = [];
  let bytes = 0;
  for (const id of ids) {
    const length = Buffer.byteLength(id) + 1;
    if (chunk.length === IDS_MAX || (chunk.length > 0 && bytes + length > BYTES_MAX)) {
      chunks.push(chunk);
      [chunk, bytes] = [[], 0];
    }
    chunk.push(id);
    bytes += length;
  }
  return chunk.length === 0 ? chunks : [...chunks, chunk];
}
