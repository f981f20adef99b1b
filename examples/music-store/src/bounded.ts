/**
 * Does the work for each item in order, so many at a time. The first failure ends it: no further item is begun.
 */
export async function forEachBounded<T>(
  items: Iterable<T>,
  concurrency: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  // One generator is shared by all runners; the one that fails closes it for the others by leaving its loop.
  const queue = (function* () {
    yield* items;
  })();
  const run = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: concurrency }, run));
}
