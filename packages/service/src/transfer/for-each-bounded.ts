/**
 * Runs `task` on each item, at most `limit` at once; takes no more items after a failure or abort. What runs then is
 * waited for, and the items are closed.
 *
 * @throws the first failure, or the signal's reason
 */
export async function forEachBounded<T>(
  items: Iterable<T> | AsyncGenerator<T>,
  { limit, signal }: { readonly limit: number; readonly signal: AbortSignal },
  task: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = Symbol.asyncIterator in items ? items : items[Symbol.iterator]();
  const failures: unknown[] = [];
  const work = async () => {
    while (!signal.aborted && failures.length === 0) {
      const { value, done } = await iterator.next();
      if (done === true) return;
      await task(value);
    }
  };
  const noted = (error: unknown) => {
    failures.push(error);
  };
  await Promise.all(Array.from({ length: limit }, () => work().catch(noted)));
  await iterator.return?.(undefined);
  signal.throwIfAborted();
  if (failures.length > 0) throw failures[0];
}
