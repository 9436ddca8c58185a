import type { Criterion, Sort } from "../../db/index.ts";
import { BreakwaterError } from "../../kernel/index.ts";

const maxLength = 8192;
const maxCriteria = 32;
const maxValues = 200;

/**
 * Harbor's `q` (goharbor/harbor, src/lib/q/builder.go): `k=v` exact, `k=~v` contains, `k=[min~max]` a range with
 * one end open or none, `k={v1 v2}` any of them, `k=(v1 v2)` all of them, several separated by commas. Field
 * names are answered in lower snake case, which Harbor takes as well as its own `ProjectID`.
 *
 * Throws BAD_REQUEST for what does not follow the grammar.
 */
export function parseCriteria(q: string): ReadonlyMap<string, Criterion> {
  const criteria = new Map<string, Criterion>();
  if (q === "") return criteria;
  if (q.length > maxLength) throw invalid(`it is longer than ${maxLength} characters`);
  const parts = decodeTwice(q).split(",");
  if (parts.length > maxCriteria) throw invalid(`it has more than ${maxCriteria} conditions`);
  for (const part of parts) {
    const equals = part.indexOf("=");
    const value = part.slice(equals + 1);
    if (equals < 1 || value === "") throw invalid('each condition must be a field, "=" and a value');
    if (/\p{Cc}/u.test(part)) throw invalid("it has control characters");
    criteria.set(snakeCase(part.slice(0, equals)), parseCriterion(value));
  }
  return criteria;
}

/** Harbor's `sort`: fields separated by commas, `-` before those that go down. */
export function parseSort(sort: string): readonly Sort[] {
  if (sort === "") return [];
  return sort
    .split(",")
    .slice(0, maxCriteria)
    .map((field) => ({ field: snakeCase(field.replace(/^[+-]/, "")), descending: field.startsWith("-") }));
}

function parseCriterion(value: string): Criterion {
  switch (value[0]) {
    case "~":
      if (value.length === 1) throw invalid('"~" must be followed by what to look for');
      return { kind: "contains", text: value.slice(1) };
    case "[":
      return parseRange(value);
    case "{":
      return { kind: "any", values: parseList(value, "}") };
    case "(":
      return { kind: "all", values: parseList(value, ")") };
    // A value that begins with one of these signs is written with a backslash before it.
    case "\\":
      return { kind: "is", value: value.slice(1) };
    default:
      return { kind: "is", value };
  }
}

function parseRange(value: string): Criterion {
  const [min, max, ...more] = value.slice(1, -1).split("~").map(unquote);
  if (!value.endsWith("]") || min === undefined || max === undefined || more.length > 0) {
    throw invalid("a range must be written [min~max]");
  }
  if (min === "" && max === "") throw invalid("a range must have a lower or an upper end");
  return { kind: "between", min: min || null, max: max || null };
}

function parseList(value: string, end: string): readonly string[] {
  if (!value.endsWith(end)) throw invalid(`a list that begins with "${value[0]}" must end with "${end}"`);
  const values = value
    .slice(1, -1)
    .split(" ")
    .map(unquote)
    .filter((item) => item !== "");
  if (values.length > maxValues) throw invalid(`a list has more than ${maxValues} values`);
  return values;
}

function unquote(value: string): string {
  return value.trim().replace(/^["']+|["']+$/g, "");
}

/** Clients that escape twice are understood, as by Harbor; what is not escaped stays as it is. */
function decodeTwice(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .toLowerCase();
}

function invalid(reason: string): BreakwaterError {
  return new BreakwaterError("BAD_REQUEST", `The query q cannot be read: ${reason}.`);
}
