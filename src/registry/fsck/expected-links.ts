import type { Link } from "../../blobs/index.ts";
import type { Reader } from "../../db/index.ts";
import type { Digest } from "../../kernel/index.ts";
import { layerLinkRequired } from "./link.ts";
import { idRanges } from "./pages.ts";

/** A link that has to be in the storage, and the digest that it has to hold. */
export interface ExpectedLink {
  readonly link: Link;
  readonly digest: string;
}

interface Row {
  readonly repository: string;
  readonly digest: string;
  readonly tag?: string;
}

/** By the database: one for every blob and manifest of a repository, and one for every tag. */
export async function* expectedLinks(read: Reader): AsyncGenerator<readonly ExpectedLink[]> {
  for await (const { from, to } of idRanges(read, "blob", 500)) {
    const rows = await read
      .selectFrom("repository_blob as held")
      .innerJoin("repository", "repository.id", "held.repository_id")
      .innerJoin("blob", "blob.id", "held.blob_id")
      .select(["repository.name as repository", "blob.digest"])
      .where("held.blob_id", ">=", from)
      .where("held.blob_id", "<=", to)
      .where(layerLinkRequired.$castTo<boolean>())
      .execute();
    yield rows.map((row) => expected(row, "layer"));
  }
  for await (const { from, to } of idRanges(read, "manifest", 500)) {
    const rows = await read
      .selectFrom("manifest")
      .innerJoin("repository", "repository.id", "manifest.repository_id")
      .select(["repository.name as repository", "manifest.digest"])
      .where("manifest.id", ">=", from)
      .where("manifest.id", "<=", to)
      .execute();
    yield rows.map((row) => expected(row, "revision"));
  }
  for await (const { from, to } of idRanges(read, "tag", 500)) {
    const rows = await read
      .selectFrom("tag")
      .innerJoin("repository", "repository.id", "tag.repository_id")
      .innerJoin("manifest", "manifest.id", "tag.manifest_id")
      .select(["repository.name as repository", "tag.name as tag", "manifest.digest"])
      .where("tag.id", ">=", from)
      .where("tag.id", "<=", to)
      .execute();
    yield rows.map((row) => expected(row, "tag"));
  }
}

function expected({ repository, digest, tag = "" }: Row, kind: Link["kind"]): ExpectedLink {
  const link: Link =
    kind === "tag" ? { kind, repository, tag } : { kind, repository, digest: digest as Digest };
  return { link, digest };
}
