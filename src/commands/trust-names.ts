import type { RepositoryRef } from "../registry/index.ts";
import type { Services } from "../serve/index.ts";

/** The repository that is meant, with or without this server's host before it. Throws NAME_UNKNOWN. */
export function findRepository({ trust, registry }: Services, name: string): Promise<RepositoryRef> {
  return registry.repositories.get(trust.names.repositoryOf(name) ?? name);
}

/** `library/alpine:3.10` or `library/alpine@sha256:…` in its parts; null where there is no reference. A host may have a port. */
export function splitReference(text: string): {
  readonly name: string;
  readonly reference: { readonly text: string; readonly isTag: boolean } | null;
} {
  const at = text.indexOf("@");
  const cut = at === -1 ? text.indexOf(":", text.lastIndexOf("/")) : at;
  if (cut === -1) return { name: text, reference: null };
  return { name: text.slice(0, cut), reference: { text: text.slice(cut + 1), isTag: at === -1 } };
}

/** `2027-03-01`, which is precise enough for a table. */
export function formatDay(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10);
}
