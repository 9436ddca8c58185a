import { Lru } from "../../kernel/index.ts";
import { findOperation, type Operation } from "./operations.ts";
import { cleanPath, decodePath } from "./path.ts";

/** What a request is for (RFC 9112, section 3.2), a path to ask for instead, or null where there is nothing. */
export type RequestTarget = Operation | string | null;

/** Characters of the paths of which it is remembered what they ask for: most are asked for again and again. */
const remembered = 1024 * 1024;
const read = new Lru<string, { readonly target: RequestTarget; readonly weight: number }>(
  remembered,
  ({ weight }) => weight,
);

export function findRequestTarget(method: string, path: string): RequestTarget {
  if (method !== "GET") return find(method, path);
  const known = read.get(path);
  if (known !== undefined) return known.target;
  const target = find(method, path);
  read.set(path, { target, weight: 3 * path.length + 100 });
  return target;
}

function find(method: string, given: string): RequestTarget {
  const path = decodePath(given);
  if (path === null) return null;
  const clean = cleanPath(path);
  return clean === path ? findOperation(method, path) : encodeURI(clean);
}
