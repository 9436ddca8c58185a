import type { ListQuery, Sort } from "../db/index.ts";

/** A part of a list, counted from whichever end is nearer. */
export interface NearerEnd<T> {
  readonly sort: readonly Sort[];
  /** What decides between rows that `sort` finds equal. */
  readonly fallback: readonly Sort[];
  readonly limit: number;
  readonly offset: number;
  /** The rows in the order that was asked for. */
  inOrder(rows: readonly T[]): readonly T[];
}

/**
 * An engine finds a page by passing over all rows before it. What lies in the second half of a list is nearer
 * from its end: the order is turned around, and the rows back again. `own` is the list's order where none is
 * asked for; else equal rows are told apart by their id, in the direction that an index over both runs in.
 */
export function fromNearerEnd<T>(
  { sort, limit, offset }: ListQuery,
  own: readonly Sort[],
  total: number,
): NearerEnd<T> {
  const last = sort.at(-1);
  const fallback = last === undefined ? own : [{ field: "id", descending: last.descending }];
  const behind = total - offset;
  if (behind <= 0 || offset <= total / 2) return { sort, fallback, limit, offset, inOrder: (rows) => rows };
  const taken = Math.min(limit, behind);
  return {
    sort: sort.map(turned),
    fallback: fallback.map(turned),
    limit: taken,
    offset: behind - taken,
    inOrder: (rows) => rows.toReversed(),
  };
}

function turned({ field, descending }: Sort): Sort {
  return { field, descending: !descending };
}
