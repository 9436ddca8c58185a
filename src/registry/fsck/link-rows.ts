import type { Link } from "../../blobs/index.ts";
import type { Digest } from "../../kernel/index.ts";
import type { Scope, Suspicion } from "./check.ts";
import { layerLinkRequired, lookAtLink, readLink } from "./link.ts";
import { concurrently, idRanges } from "./pages.ts";

/** Every blob and manifest of a repository, and every tag, has its link in the storage. */
export async function* linkRows(scope: Scope): AsyncIterable<Suspicion> {
  for await (const { from, to } of idRanges(scope.read, "blob", 500)) {
    const rows = await scope.read
      .selectFrom("repository_blob as held")
      .innerJoin("repository", "repository.id", "held.repository_id")
      .innerJoin("blob", "blob.id", "held.blob_id")
      .select(["repository.name as repository", "blob.digest"])
      .where("held.blob_id", ">=", from)
      .where("held.blob_id", "<=", to)
      .where(layerLinkRequired.$castTo<boolean>())
      .execute();
    yield* compare(scope, rows, "layer");
  }
  for await (const { from, to } of idRanges(scope.read, "manifest", 500)) {
    const rows = await scope.read
      .selectFrom("manifest")
      .innerJoin("repository", "repository.id", "manifest.repository_id")
      .select(["repository.name as repository", "manifest.digest"])
      .where("manifest.id", ">=", from)
      .where("manifest.id", "<=", to)
      .execute();
    yield* compare(scope, rows, "revision");
  }
  for await (const { from, to } of idRanges(scope.read, "tag", 500)) {
    const rows = await scope.read
      .selectFrom("tag")
      .innerJoin("repository", "repository.id", "tag.repository_id")
      .innerJoin("manifest", "manifest.id", "tag.manifest_id")
      .select(["repository.name as repository", "tag.name as tag", "manifest.digest"])
      .where("tag.id", ">=", from)
      .where("tag.id", "<=", to)
      .execute();
    yield* compare(scope, rows, "tag");
  }
}

interface Row {
  readonly repository: string;
  readonly digest: string;
  readonly tag?: string;
}

async function* compare(scope: Scope, rows: readonly Row[], kind: Link["kind"]): AsyncIterable<Suspicion> {
  for await (const [row, said] of concurrently(rows, (row) => readLink(scope.objects, toLink(row, kind)))) {
    scope.examined("links", 1);
    if (said !== row.digest) yield lookAtLink(scope, toLink(row, kind));
  }
}

function toLink({ repository, digest, tag = "" }: Row, kind: Link["kind"]): Link {
  return kind === "tag" ? { kind, repository, tag } : { kind, repository, digest: digest as Digest };
}
