import { BreakwaterError } from "../../kernel/index.ts";

/** What a client asks a token for (distribution, docs/spec/auth/scope): `repository:library/alpine:pull,push`. */
export interface Scope {
  readonly type: string;
  readonly name: string;
  readonly actions: ReadonlySet<string>;
}

/** More than any client asks for at once, and a bound on the work that one request can cause. */
const maxScopes = 100;

/**
 * Parses the values of all `scope` parameters, each of which may hold several parted by spaces. The same
 * resource asked for twice becomes one scope. What is not a scope is left out: it grants nothing, and the
 * registry will say so better. Throws BAD_REQUEST when there are more than 100.
 */
export function parseScopes(values: readonly string[]): readonly Scope[] {
  const scopes = new Map<string, { type: string; name: string; actions: Set<string> }>();
  for (const text of values.flatMap((value) => value.split(" "))) {
    const scope = parseScope(text);
    if (scope === null) continue;
    const key = `${scope.type}:${scope.name}`;
    const same = scopes.get(key);
    if (same === undefined) scopes.set(key, scope);
    else for (const action of scope.actions) same.actions.add(action);
    if (scopes.size > maxScopes) {
      throw new BreakwaterError(
        "BAD_REQUEST",
        `There are more than ${maxScopes} scopes; ask for fewer at a time.`,
      );
    }
  }
  return [...scopes.values()];
}

/**
 * The type ends at the first colon and the actions begin after the last, because a name may start with a host
 * and its port. A class, as in `repository(plugin)`, does not change what it takes to be allowed.
 */
function parseScope(text: string): { type: string; name: string; actions: Set<string> } | null {
  const first = text.indexOf(":");
  const last = text.lastIndexOf(":");
  if (first < 1 || first === last) return null;
  const type = text.slice(0, first).replace(/\([a-z0-9]+\)$/, "");
  const actions = text.slice(last + 1).split(",");
  return {
    type,
    name: text.slice(first + 1, last),
    actions: new Set(actions.filter((action) => action !== "")),
  };
}
