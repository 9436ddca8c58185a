import type { RepositoryRef } from "../registry/index.ts";
import type { Services } from "../serve/index.ts";

/** The repository that is meant, with or without this server's host before it. Throws NAME_UNKNOWN. */
export function findRepository({ trust, registry }: Services, name: string): Promise<RepositoryRef> {
  return registry.repositories.get(trust.names.repositoryOf(name) ?? name);
}

/** `library/alpine:3.10` in its parts; the tag is null where there is none. A host may have a port. */
export function splitTag(text: string): { readonly name: string; readonly tag: string | null } {
  const colon = text.indexOf(":", text.lastIndexOf("/"));
  return colon === -1
    ? { name: text, tag: null }
    : { name: text.slice(0, colon), tag: text.slice(colon + 1) };
}

/** `2027-03-01`, which is precise enough for a table. */
export function formatDay(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10);
}
