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

/** What the vulnerability database has to say. */
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

/** What the built-in scanner has found in all images: which images a vulnerability affects, and the other way round. */
export class SecurityHub {
  readonly #reader: Reader;
  readonly #current: () => Known | null;

  constructor(reader: Reader, current: () => Known | null) {
    this.#reader = reader;
    this.#current = current;
  }

  summary(): Promise<HubSummary> {
    return summarise(this.#reader);
  }

  async worstVulnerabilities(): Promise<readonly (DangerousVulnerability & Text)[]> {
    const worst = await worstVulnerabilities(this.#reader);
    return worst.map((one) => ({ ...one, ...(this.#textsOf(one.identity).get(one.id) ?? noText) }));
  }

  worstImages(): Promise<readonly DangerousImage[]> {
    return worstImages(this.#reader);
  }

  /** The worst first. Throws BAD_REQUEST for criteria that there are none of. */
  async search({ criteria, limit, offset }: ListQuery, options: SearchOptions): Promise<HubPage> {
    const filter = toFilter(criteria);
    const rows = await search(this.#reader, filter, limit, offset);
    const tags = options.tags ? await this.#tagsOf(rows) : new Map<number, readonly string[]>();
    const packages = new Map(rows.map((row) => [row.package_id, row]));
    const texts = new Map([...packages].map(([id, identity]) => [id, this.#textsOf(identity)]));
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
        ...(texts.get(row.package_id)?.get(row.vulnerability) ?? noText),
      })),
      total: await this.#count(filter, options.countUpTo),
    };
  }

  /** Of everything, and of one severity, each image has been counted already. */
  async #count(filter: HubFilter, most: number | null): Promise<number | null> {
    const { severity, ...others } = filter;
    if (Object.values(others).some((value) => value !== null)) return count(this.#reader, filter, most);
    const { counts } = await summarise(this.#reader);
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

  #textsOf(identity: Identity): ReadonlyMap<string, Text> {
    const known = this.#current();
    const findings = known === null ? [] : matchIdentity(known, identity);
    return new Map(
      findings.map(({ id, summary, description, links }) => [
        id,
        { description: description || summary, links },
      ]),
    );
  }
}
