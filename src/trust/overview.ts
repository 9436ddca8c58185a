import type { Reader } from "../db/index.ts";
import type { RepositoryName } from "../kernel/index.ts";
import type { GunNames } from "./guns.ts";
import type { TagDigest, TrustStatuses } from "./status.ts";
import type { TrustStatus } from "./trust-status.ts";

export interface TagWithStatus extends TagDigest {
  readonly id: number;
  readonly status: TrustStatus;
}

/** Tags that are looked at together. */
const pageSize = 500;

/** Shows the trust status of whole repositories. */
export class TrustOverview {
  readonly #reader: Reader;
  readonly #statuses: TrustStatuses;
  readonly #names: GunNames;

  constructor(reader: Reader, statuses: TrustStatuses, names: GunNames) {
    this.#reader = reader;
    this.#statuses = statuses;
    this.#names = names;
  }

  /** The repositories of this server for which somebody has published trust data, by name. */
  async repositories(): Promise<readonly RepositoryName[]> {
    const rows = await this.#reader
      .selectFrom("tuf_metadata")
      .select("gun")
      .distinct()
      .where("role", "=", "timestamp")
      .execute();
    const names = rows.flatMap(({ gun }) => this.#names.repositoryOf(gun) ?? []);
    return [...new Set(names)].sort();
  }

  /** A repository's tags by name, page by page. */
  async *tags(repository: string): AsyncIterable<readonly TagWithStatus[]> {
    for (let last = ""; ; ) {
      const rows = await this.#tagsOf(repository)
        .where("tag.name", ">", last)
        .orderBy("tag.name")
        .limit(pageSize)
        .execute();
      if (rows.length > 0) yield await this.#withStatus(repository, rows);
      if (rows.length < pageSize) return;
      last = rows.at(-1)?.tag ?? last;
    }
  }

  /** Null when the repository has no such tag. */
  async tag(repository: string, tag: string): Promise<TagWithStatus | null> {
    const rows = await this.#tagsOf(repository).where("tag.name", "=", tag).execute();
    const [found] = await this.#withStatus(repository, rows);
    return found ?? null;
  }

  #tagsOf(repository: string) {
    return this.#reader
      .selectFrom("repository")
      .innerJoin("tag", "tag.repository_id", "repository.id")
      .innerJoin("manifest", "manifest.id", "tag.manifest_id")
      .select(["tag.id", "tag.name as tag", "manifest.digest"])
      .where("repository.name", "=", repository);
  }

  async #withStatus(repository: string, tags: readonly (TagDigest & { id: number })[]) {
    const statuses = await this.#statuses.of(repository, tags);
    return tags.map((tag, index) => ({ ...tag, status: statuses[index] ?? { state: "unsigned" as const } }));
  }
}
