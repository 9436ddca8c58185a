import type { Database } from "../../db/index.ts";
import type { Digest } from "../../kernel/index.ts";
import type { ImageFinding } from "../match/finding.ts";
import type { Report } from "../report.ts";
import type { Severity } from "../severity.ts";
import { type ImageReports, ownReportId } from "./image-reports.ts";
import { overviewOf, type ScanOverview } from "./overview.ts";
import { builtIn } from "./registration.ts";
import type { Registrations } from "./registrations.ts";
import type { ScannerReports, ScannerSummary } from "./scanner-reports.ts";
import type { Subjects } from "./subject.ts";
import { worseOf } from "./worse-of.ts";

/** An artifact that is asked about. */
export interface AskedArtifact {
  readonly id: number;
  readonly repository: { readonly projectId: number };
}

/** A finding of an artifact, with the images of it that have it. */
export interface ArtifactFinding {
  readonly finding: ImageFinding;
  readonly images: readonly Digest[];
}

/** What is known of an artifact: of an image, or of all images that it lists together. */
export interface ArtifactReport {
  readonly overview: ScanOverview;
  readonly findings: readonly ArtifactFinding[];
}

/** What Harbor's clients ask about artifacts, which may be lists of images. */
export class ArtifactReports {
  readonly #database: Database;
  readonly #registrations: Registrations;
  readonly #reports: ImageReports;
  readonly #foreign: ScannerReports;
  readonly #subjects: Subjects;

  constructor(
    database: Database,
    registrations: Registrations,
    reports: ImageReports,
    foreign: ScannerReports,
    subjects: Subjects,
  ) {
    this.#database = database;
    this.#registrations = registrations;
    this.#reports = reports;
    this.#foreign = foreign;
    this.#subjects = subjects;
  }

  /** By artifact; without those that hold no image, or whose images were never scanned. */
  async overviews(artifacts: readonly AskedArtifact[]): Promise<ReadonlyMap<number, ScanOverview>> {
    const found = new Map<number, ScanOverview>();
    const images = await this.#subjects.imagesOf(artifacts.map(({ id }) => id));
    for (const [projectId, some] of Map.groupBy(artifacts, ({ repository }) => repository.projectId)) {
      const registration = await this.#registrations.ofProject(projectId);
      const wanted = [...new Set(some.flatMap(({ id }) => images.get(id) ?? []))];
      const summaries = await this.#reports.describe(registration, wanted);
      for (const { id } of some) {
        const ids = images.get(id) ?? [];
        const of = ids.map((image) => summaries.get(image)).filter((summary) => summary !== undefined);
        const together = of.length > 1 ? count(await this.#together(projectId, ids)) : undefined;
        const overview = overviewOf(of, ids.length, together);
        if (overview !== null) found.set(id, overview);
      }
    }
    return found;
  }

  /** Null where no image was ever scanned. */
  async report(artifact: AskedArtifact): Promise<ArtifactReport | null> {
    const overview = (await this.overviews([artifact])).get(artifact.id);
    if (overview === undefined) return null;
    const images = (await this.#subjects.imagesOf([artifact.id])).get(artifact.id) ?? [];
    return { overview, findings: await this.#together(artifact.repository.projectId, images) };
  }

  /** By artifact the SBOM that the project's scanner has made of its image, or of the first of its images. */
  async sboms(artifacts: readonly AskedArtifact[]): Promise<ReadonlyMap<number, ScannerSummary>> {
    const found = new Map<number, ScannerSummary>();
    const images = await this.#subjects.imagesOf(artifacts.map(({ id }) => id));
    for (const [projectId, some] of Map.groupBy(artifacts, ({ repository }) => repository.projectId)) {
      const registration = await this.#registrations.ofProject(projectId);
      const wanted = [...new Set(some.flatMap(({ id }) => images.get(id) ?? []))];
      const sboms = await this.#reports.sboms(registration, wanted);
      for (const { id } of some) {
        const [sbom] = (images.get(id) ?? []).flatMap((image) => sboms.get(image) ?? []);
        if (sbom !== undefined) found.set(id, sbom);
      }
    }
    return found;
  }

  /** What is written down about a report; null when the artifact has none with that id. */
  async log(artifact: AskedArtifact, reportId: string): Promise<string | null> {
    const images = (await this.#subjects.imagesOf([artifact.id])).get(artifact.id) ?? [];
    const logs: string[] = [];
    for (const part of reportId.split(".").slice(0, images.length)) {
      const own = images.find((image) => ownReportId(image) === part);
      const log = own === undefined ? await this.#foreign.log(part, images) : await this.#ownLog(own);
      if (log !== null) logs.push(log);
    }
    return logs.length === 0 ? null : logs.join("\n");
  }

  /** The built-in scanner keeps no log: what it has to say is in its summary. */
  async #ownLog(image: number): Promise<string | null> {
    const summary = (await this.#reports.describe(builtIn, [image])).get(image);
    if (summary === undefined) return null;
    const overview = overviewOf([summary], 1);
    const lines = [`State: ${summary.state}`, ...(summary.failure === null ? [] : [summary.failure])];
    for (const part of summary.coverage ?? []) {
      lines.push(`${part.ecosystem}: ${part.state}. ${part.message}`);
    }
    return `${[...lines, ...(overview?.message ? [overview.message] : [])].join("\n")}\n`;
  }

  /** The findings of these images, each once, as the image has it that rates it worst. */
  async #together(projectId: number, images: readonly number[]): Promise<readonly ArtifactFinding[]> {
    const digests = await this.#digests(images);
    const found = new Map<string, { finding: ImageFinding; images: Digest[] }>();
    for (const image of images) {
      const { findings }: Report = await this.#reports.report(projectId, image);
      for (const finding of findings) {
        const key = JSON.stringify([finding.id, finding.package, finding.version]);
        const known = found.get(key) ?? { finding, images: [] };
        const digest = digests.get(image);
        if (digest !== undefined) known.images.push(digest);
        found.set(key, { ...known, finding: worseOf(known.finding, finding) });
      }
    }
    return [...found.values()];
  }

  async #digests(images: readonly number[]): Promise<ReadonlyMap<number, Digest>> {
    if (images.length === 0) return new Map();
    const rows = await this.#database.read
      .selectFrom("manifest")
      .select(["id", "digest"])
      .where("id", "in", images)
      .execute();
    return new Map(rows.map(({ id, digest }) => [id, digest as Digest]));
  }
}

function count(findings: readonly ArtifactFinding[]) {
  const counts: Partial<Record<Severity, number>> = {};
  for (const { finding } of findings) counts[finding.severity] = (counts[finding.severity] ?? 0) + 1;
  return { counts, fixable: findings.filter(({ finding }) => finding.fixedVersion !== null).length };
}
