import type { Compilable, CompiledQuery, Kysely } from "kysely";
import type { Schema } from "./schema.ts";

/** Where a value goes that is known when the statement runs. */
class Slot {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

const slots = new Proxy({}, { get: (_, name: string) => new Slot(name) });

/**
 * A query whose text is made once for each connection. To build and to compile one costs more than SQLite takes to run
 * it, which matters where a request runs many. `build` gets the values by name, and may do no more with one than to hand
 * it on to the query: the first time it is a place holder.
 */
export function statement<Given extends object, Row>(
  build: (on: Kysely<Schema>, given: Given) => Compilable<Row>,
): (on: Kysely<Schema>, given: Given) => Promise<Row[]> {
  const compiled = new WeakMap<object, CompiledQuery<Row>>();
  return async (on, given) => {
    const { adapter } = on.getExecutor();
    let query = compiled.get(adapter);
    if (query === undefined) {
      query = build(on, slots as Given).compile();
      compiled.set(adapter, query);
    }
    const parameters = query.parameters.map((value) =>
      value instanceof Slot ? given[value.name as keyof Given] : value,
    );
    return (await on.executeQuery<Row>({ ...query, parameters })).rows;
  };
}
