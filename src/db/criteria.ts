import { type Expression, type RawBuilder, type SqlBool, sql } from "kysely";
import { BreakwaterError } from "../kernel/index.ts";

/** One condition on one field of a list, its values still as the client wrote them. */
export type Criterion =
  | { readonly kind: "is"; readonly value: string }
  | { readonly kind: "contains"; readonly text: string }
  | { readonly kind: "between"; readonly min: string | null; readonly max: string | null }
  | { readonly kind: "any"; readonly values: readonly string[] }
  /** Several things at once, such as labels: no single column can satisfy it, a room has to see to it itself. */
  | { readonly kind: "all"; readonly values: readonly string[] };

export interface Sort {
  readonly field: string;
  readonly descending: boolean;
}

/** Which part of a list is wanted, and in which order. */
export interface ListQuery {
  readonly criteria: ReadonlyMap<string, Criterion>;
  /** The most significant first; empty for the list's own order. */
  readonly sort: readonly Sort[];
  readonly limit: number;
  readonly offset: number;
}

/** A part of a list, and how many there are in all. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
}

/** What clients may filter and sort by: their name for it, and the column behind it. */
export type Columns = Readonly<
  Record<
    string,
    {
      readonly column: string;
      readonly type: "text" | "number" | "time" | "flag";
      /** True where it may be empty: that comes before everything else, on every engine. */
      readonly nullable?: true;
    }
  >
>;

/**
 * The criteria as a condition. Fields that `columns` does not list are passed over, as Harbor does; a value
 * that does not fit its column throws BAD_REQUEST.
 */
export function matching(criteria: ListQuery["criteria"], columns: Columns): Expression<SqlBool> {
  const conditions: RawBuilder<SqlBool>[] = [sql`1 = 1`];
  for (const [field, criterion] of criteria) {
    const known = Object.hasOwn(columns, field) ? columns[field] : undefined;
    if (known === undefined) continue;
    const column = sql.ref(known.column);
    const parse = (value: string) => parseValue(field, value, known.type);
    switch (criterion.kind) {
      case "is":
        conditions.push(sql`${column} = ${parse(criterion.value)}`);
        break;
      case "contains":
        conditions.push(containing(known.column, criterion.text));
        break;
      case "between":
        if (criterion.min !== null) conditions.push(sql`${column} >= ${parse(criterion.min)}`);
        if (criterion.max !== null) conditions.push(sql`${column} <= ${parse(criterion.max)}`);
        break;
      case "any":
        conditions.push(
          criterion.values.length === 0
            ? sql`1 = 0`
            : sql`${column} in (${sql.join(criterion.values.map(parse))})`,
        );
    }
  }
  return sql<SqlBool>`(${sql.join(conditions, sql` and `)})`;
}

/** True where `column` contains `text`, whatever the case. */
export function containing(column: string, text: string): RawBuilder<SqlBool> {
  const pattern = `%${text.replace(/[\\%_]/g, "\\$&")}%`;
  return sql<SqlBool>`lower(cast(${sql.ref(column)} as text)) like lower(${pattern}) escape '\\'`;
}

/** The order by clause: the fields asked for that `columns` lists, then `fallback`, which must end in a unique field. */
export function ordering(
  sort: readonly Sort[],
  columns: Columns,
  fallback: readonly Sort[],
): RawBuilder<unknown> {
  const terms: RawBuilder<unknown>[] = [];
  for (const { field, descending } of [...sort, ...fallback]) {
    const known = Object.hasOwn(columns, field) ? columns[field] : undefined;
    if (known === undefined) continue;
    // Said only where it matters: it keeps PostgreSQL from reading an index in its order.
    const nulls = known.nullable ? (descending ? " nulls last" : " nulls first") : "";
    terms.push(sql`${sql.ref(known.column)} ${sql.raw((descending ? "desc" : "asc") + nulls)}`);
  }
  return sql.join(terms);
}

function parseValue(field: string, value: string, type: Columns[string]["type"]): string | number {
  switch (type) {
    case "text":
      return value;
    case "number":
      if (/^-?\d{1,15}$/.test(value)) return Number(value);
      throw invalid(field, value, "a whole number");
    case "flag":
      if (/^(true|1)$/i.test(value)) return 1;
      if (/^(false|0)$/i.test(value)) return 0;
      throw invalid(field, value, "true or false");
    case "time": {
      const time = parseTime(value);
      if (Number.isNaN(time)) throw invalid(field, value, "a time such as 2026-01-31T12:00:00");
      return time;
    }
  }
}

/** Milliseconds since 1970; a time without a zone is in UTC. */
function parseTime(value: string): number {
  const match =
    /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:\d{2})?)?$/.exec(value);
  return match === null ? Number.NaN : Date.parse(`${match[1]}T${match[2] ?? "00:00:00"}${match[3] ?? "Z"}`);
}

function invalid(field: string, value: string, expected: string): BreakwaterError {
  return new BreakwaterError(
    "BAD_REQUEST",
    `The value "${value.slice(0, 80)}" of ${field} is not ${expected}.`,
  );
}
