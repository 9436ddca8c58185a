import type { Reader } from "../db/index.ts";
import type { RepositoryName } from "../kernel/index.ts";
import type { GunNames } from "./guns.ts";
import type { TagDigest, TrustStatuses } from "./status.ts";
import type { TrustStatus } from "./trust-status.ts";
import type { Verification } from "./verification.ts";
import type { VerifiedTargets } from "./verified-targets.ts";

export interface TagWithStatus extends TagDigest {
  readonly id: number;
  readonly status: TrustStatus;
}

/** What is published under a GUN, or why nothing can be said of it. */
export type PublishedTrust =
  | { readonly gun: string; readonly broken: string }
  | { readonly gun: string; readonly roles: readonly PublishedRole[] };

export interface PublishedRole {
  readonly role: string;
  /** Canonical ids of the keys that have signed it; the root's are those that it lists. */
  readonly keys: readonly string[];
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** How many names it signs. */
  readonly targets: number;
}

/** Tags that are looked at together. */
const pageSize = 500;

/** Shows the trust status of whole repositories. */
export class TrustOverview {
  readonly #reader: Reader;
  readonly #statuses: TrustStatuses;
  readonly #names: GunNames;
  readonly #verification: Verification;

  constructor(reader: Reader, verification: Verification, statuses: TrustStatuses, names: GunNames) {
    this.#reader = reader;
    this.#verification = verification;
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

  /** All repositories that have tags, by name. */
  async taggedRepositories(): Promise<readonly string[]> {
    const rows = await this.#reader
      .selectFrom("repository")
      .select("repository.name")
      .where(({ exists, selectFrom }) =>
        exists(selectFrom("tag").select("tag.id").whereRef("tag.repository_id", "=", "repository.id")),
      )
      .orderBy("repository.name")
      .execute();
    return rows.map(({ name }) => name);
  }

  /** What is published of a repository, under each of this server's names. */
  async published(repository: string): Promise<readonly PublishedTrust[]> {
    const found: PublishedTrust[] = [];
    for (const gun of this.#names.gunsOf(repository)) {
      const verified = await this.#verification.of(gun);
      if (verified === null) continue;
      found.push(
        "broken" in verified ? { gun, broken: verified.broken } : { gun, roles: rolesOf(verified.targets) },
      );
    }
    return found;
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

function rolesOf({ rootKeys, expiresAt, roles }: VerifiedTargets): readonly PublishedRole[] {
  const root = { role: "root", keys: rootKeys, expiresAt, targets: 0 };
  const others = [...roles.values()].map(({ role, keys, ownExpiresAt, targets }) => ({
    role,
    keys,
    expiresAt: ownExpiresAt,
    targets: targets.size,
  }));
  return [root, ...others];
}
