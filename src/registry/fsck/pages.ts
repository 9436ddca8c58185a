import type { Reader } from "../../db/index.ts";

/** Tables that are gone through by their counted ids. */
type Numbered = "blob" | "manifest" | "tag" | "project" | "repository";

export interface IdRange {
  readonly from: number;
  /** Inclusive. */
  readonly to: number;
}

/** The ids of a table in ranges of `width`, up to the highest when it began: what came later came right. */
export async function* idRanges(read: Reader, table: Numbered, width: number): AsyncIterable<IdRange> {
  const { last } = await read
    .selectFrom(table)
    .select((expression) => expression.fn.max<number | null>("id").as("last"))
    .executeTakeFirstOrThrow();
  for (let from = 1; from <= Number(last ?? 0); from += width) yield { from, to: from + width - 1 };
}

/** The items of a stream, up to `size` at a time. */
export async function* inBatches<T>(items: AsyncIterable<T>, size: number): AsyncIterable<readonly T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** What storage is asked at once. */
const concurrency = 16;

/** `work` done for all items, some at a time; the results in the items' order. */
export async function* concurrently<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
): AsyncIterable<readonly [item: T, result: R]> {
  for (let from = 0; from < items.length; from += concurrency) {
    const some = items.slice(from, from + concurrency);
    const results = await Promise.all(some.map(async (item) => [item, await work(item)] as const));
    yield* results;
  }
}
