import type { ListQuery, Page, Reader } from "../../db/index.ts";
import type { Identity } from "../match/finding.ts";
import type { Known } from "../match/known.ts";
import { matchIdentity } from "../match/match.ts";
import { type Severity, severities } from "../severity.ts";
import { type HubFilter, toFilter } from "./filter.ts";
import {
  type DangerousImage,
  type DangerousVulnerability,
  type HubSummary,
  summarise,
  worstImages,
  worstVulnerabilities,
} from "./overview.ts";
import { count, type HubRow, search } from "./search.ts";
import { type Place, type Source, sourcesOf } from "./sources.ts";

/** One vulnerability of one package in one image. */
export interface HubItem extends Text {
  readonly projectId: number;
  readonly repository: string;
  readonly digest: string;
  /** Empty unless they were asked for. */
  readonly tags: readonly string[];
  readonly id: string;
  readonly severity: Severity;
  /** CVSS; null without one. */
  readonly score: number | null;
  readonly package: string;
  readonly version: string;
  readonly fixedVersion: string | null;
}

/** What there is to say of a vulnerability. */
interface Text {
  readonly description: string;
  readonly links: readonly string[];
}

const noText: Text = { description: "", links: [] };

/** `total` is null where only so many are counted and there are more. */
export interface HubPage extends Omit<Page<HubItem>, "total"> {
  readonly total: number | null;
}

export interface SearchOptions {
  readonly tags: boolean;
  /** Do not count beyond this. */
  readonly countUpTo: number | null;
}

/**
 * What was found in all images, in each by its project's scanner: which images a vulnerability affects, and the other
 * way round.
 */
export class SecurityHub {
  readonly #reader: Reader;
  readonly #current: () => Known | null;

  constructor(reader: Reader, current: () => Known | null) {
    this.#reader = reader;
    this.#current = current;
  }

  async summary(): Promise<HubSummary> {
    return summarise(this.#reader, await sourcesOf(this.#reader));
  }

  async worstVulnerabilities(): Promise<readonly (DangerousVulnerability & Text)[]> {
    const worst = await worstVulnerabilities(this.#reader, await sourcesOf(this.#reader));
    const textOf = await this.#texts(worst.map(({ place }) => place));
    return worst.map((one) => ({ ...one, ...textOf(one.id, one.place) }));
  }

  async worstImages(): Promise<readonly DangerousImage[]> {
    return worstImages(this.#reader, await sourcesOf(this.#reader));
  }

  /** The worst first. Throws BAD_REQUEST for criteria that there are none of. */
  async search({ criteria, limit, offset }: ListQuery, options: SearchOptions): Promise<HubPage> {
    const filter = toFilter(criteria);
    const sources = await sourcesOf(this.#reader);
    const rows = await search(this.#reader, sources, filter, limit, offset);
    const tags = options.tags ? await this.#tagsOf(rows) : new Map<number, readonly string[]>();
    const textOf = await this.#texts(rows);
    return {
      items: rows.map((row) => ({
        projectId: row.project_id,
        repository: row.repository,
        digest: row.digest,
        tags: tags.get(row.manifest_id) ?? [],
        id: row.vulnerability,
        severity: severities[row.severity] ?? "Unknown",
        score: row.score === null ? null : row.score / 10,
        package: row.name,
        version: row.version,
        fixedVersion: row.fixed_version,
        ...textOf(row.vulnerability, row),
      })),
      total: await this.#count(sources, filter, options.countUpTo),
    };
  }

  /** Of everything, and of one severity, each image has been counted already. */
  async #count(sources: readonly Source[], filter: HubFilter, most: number | null): Promise<number | null> {
    const { severity, ...others } = filter;
    if (Object.values(others).some((value) => value !== null)) {
      return count(this.#reader, sources, filter, most);
    }
    const { counts } = await summarise(this.#reader, sources);
    const total =
      severity === null ? Object.values(counts).reduce((sum, some) => sum + some, 0) : counts[severity];
    return most !== null && total > most ? null : total;
  }

  async #tagsOf(rows: readonly HubRow[]): Promise<ReadonlyMap<number, readonly string[]>> {
    if (rows.length === 0) return new Map();
    const ids = [...new Set(rows.map(({ manifest_id }) => manifest_id))];
    const tags = await this.#reader
      .selectFrom("tag")
      .select(["manifest_id", "name"])
      .where("manifest_id", "in", ids)
      .orderBy("name")
      .execute();
    const byImage = Map.groupBy(tags, ({ manifest_id }) => manifest_id);
    return new Map([...byImage].map(([id, some]) => [id, some.map(({ name }) => name)]));
  }

  /** What there is to say of vulnerabilities in these packages. */
  async #texts(places: readonly Place[]): Promise<(id: string, place: Place) => Text> {
    const known = this.#current();
    const wanted = [...new Set(places.map(({ identity }) => identity).filter((id) => id !== null))];
    const texts = new Map<number, ReadonlyMap<string, Text>>();
    if (known !== null && wanted.length > 0) {
      const identities = this.#reader.selectFrom("package_identity").selectAll().where("id", "in", wanted);
      for (const identity of await identities.execute()) texts.set(identity.id, textsOf(known, identity));
    }
    return (id, { identity, description, links }) =>
      identity === null
        ? { description: description ?? "", links: JSON.parse(links ?? "[]") }
        : (texts.get(identity)?.get(id) ?? noText);
  }
}

function textsOf(known: Known, identity: Identity): ReadonlyMap<string, Text> {
  return new Map(
    matchIdentity(known, identity).map(({ id, summary, description, links }) => [
      id,
      { description: description || summary, links },
    ]),
  );
}
