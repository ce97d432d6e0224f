/** Works on all items, on `side` of them at the same time. */
export async function inTurns<T>(
  items: readonly T[],
  side: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const waiting = [...items];
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: side }, worker));
}
