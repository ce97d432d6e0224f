/**
 * Returns the result of `work`, or throws what `late` returns if it takes longer than `limitMs`. The work is not stopped: use this
 * only where nothing can stop it.
 */
export async function withinLimit<T>(limitMs: number, work: Promise<T>, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(late());
    }, limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
