import type { Database, Version } from "../db/index.ts";
import { type Clock, Lru, type Soon, soon } from "../kernel/index.ts";
import { CurrentSet } from "./current.ts";
import { notFound } from "./refusal.ts";
import type { Renewal } from "./renewal.ts";
import type { MetadataStore, StoredMetadata } from "./store.ts";

/** Which of a role's documents. */
export type WhichMetadata =
  | { readonly kind: "current" }
  /** In decimal digits. */
  | { readonly kind: "version"; readonly version: string }
  /** In hexadecimal. */
  | { readonly kind: "sha256"; readonly sha256: string };

/** A document, as a client asks for it. */
export class MetadataQuery {
  readonly gun: string;
  readonly role: string;
  readonly which: WhichMetadata;
  /** Under which its answer is remembered. It is made once: to put it together costs more than to look it up. */
  readonly key: string;

  constructor(gun: string, role: string, which: WhichMetadata) {
    this.gun = gun;
    this.role = role;
    this.which = which;
    this.key = `${gun}\n${role}\n${JSON.stringify(which)}`;
  }
}

interface Remembered {
  readonly version: Version;
  readonly metadata: StoredMetadata;
  /** From when on it has to be looked at again, whatever else has changed; milliseconds since 1970. */
  readonly until: number;
}

/** Bytes of metadata kept in memory. */
const capacity = 32 * 1024 * 1024;
const perEntry = 512;

/** Answers what is published (the contract, section 4). */
export class MetadataReader {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #store: MetadataStore;
  readonly #renewal: Renewal;
  readonly #known = new Lru<string, Remembered>(
    capacity,
    ({ metadata }) => metadata.content.length + perEntry,
  );

  constructor(database: Database, clock: Clock, store: MetadataStore, renewal: Renewal) {
    this.#database = database;
    this.#clock = clock;
    this.#store = store;
    this.#renewal = renewal;
  }

  /**
   * The document, as it was published, byte by byte. A timestamp or snapshot that has expired is signed anew first.
   * Throws METADATA_NOT_FOUND; UNKNOWN when the server would have to sign and has not the keys.
   */
  read(query: MetadataQuery): Soon<StoredMetadata> {
    return soon(this.#database.version(), (version) => {
      const known = this.#known.get(query.key);
      if (known?.version === version && this.#clock() < known.until) return known.metadata;
      return this.#find(query).then(({ metadata, until }) => {
        this.#known.set(query.key, { version, metadata, until });
        return metadata;
      });
    });
  }

  async #find({ gun, role, which }: MetadataQuery): Promise<{ metadata: StoredMetadata; until: number }> {
    if (which.kind === "current") return this.#current(gun, role);
    const metadata =
      which.kind === "version"
        ? await this.#store.byVersion(gun, role, Number(which.version))
        : await this.#store.byHash(gun, role, which.sha256);
    if (metadata === null) throw notFound(`such ${role} of ${gun}`);
    return { metadata, until: Number.POSITIVE_INFINITY };
  }

  async #current(gun: string, role: string): Promise<{ metadata: StoredMetadata; until: number }> {
    const found = await CurrentSet.open(this.#store, gun);
    if (found === null) throw notFound(`trust data of ${gun}`);
    if (role !== "timestamp" && role !== "snapshot") {
      return { metadata: await found.get(role), until: Number.POSITIVE_INFINITY };
    }
    const { timestamp, snapshot } = await this.#renewal.renewed(found);
    return {
      metadata: (role === "timestamp" ? timestamp : snapshot).stored,
      until: Math.min(timestamp.listing.expires.at, snapshot.listing.expires.at),
    };
  }
}
