/**
 * The part of `items` that one of `hosts` gets: dealt one by one in their order, as SageMaker deals ShardedByS3Key.
 *
 * @param host 0 ≤ host < hosts
 */
export function shard<T>(items: readonly T[], host: number, hosts: number): readonly T[] {
  return items.filter((_, index) => index % hosts === host);
}
