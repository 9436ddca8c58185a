import type { RawBuilder, SelectQueryBuilder } from "kysely";
import type { ListQuery, Page } from "./criteria.ts";

/** A part of what `rows` selects, in that order, and how many there are in all. */
export async function readPage<DB, TB extends keyof DB, Row, Item>(
  rows: SelectQueryBuilder<DB, TB, Row>,
  order: RawBuilder<unknown>,
  { limit, offset }: Pick<ListQuery, "limit" | "offset">,
  toItem: (row: Row) => Item,
): Promise<Page<Item>> {
  const count = rows.clearSelect().select((of) => of.fn.countAll<number | string>().as("total"));
  const { total } = (await count.executeTakeFirstOrThrow()) as { total: number | string };
  const found = await rows.orderBy(order).limit(limit).offset(offset).execute();
  return { items: found.map((row) => toItem(row as Row)), total: Number(total) };
}
