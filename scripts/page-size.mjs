/** Size of the page at most: its files, compressed, in bytes. The build, a test and the benchmark check it. */
export const PAGE_BYTES_MAX = 60_000;
