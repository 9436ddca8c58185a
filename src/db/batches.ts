/** Rows or values of one statement: the engines limit its parameters. */
const perStatement = 500;

export function* batches<T>(items: readonly T[], size = perStatement): Iterable<readonly T[]> {
  for (let from = 0; from < items.length; from += size) yield items.slice(from, from + size);
}
