import type { Scope, Suspicion } from "./check.ts";
import { expectedLinks } from "./expected-links.ts";
import { lookAtLink, readLink } from "./link.ts";
import { concurrently } from "./pages.ts";

/** Every blob and manifest of a repository, and every tag, has its link in the storage. */
export async function* linkRows(scope: Scope): AsyncIterable<Suspicion> {
  for await (const page of expectedLinks(scope.read)) {
    for await (const [{ link, digest }, said] of concurrently(page, ({ link }) =>
      readLink(scope.objects, link),
    )) {
      scope.examined("links", 1);
      if (said !== digest) yield lookAtLink(scope, link);
    }
  }
}
