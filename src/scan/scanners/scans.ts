import type { Database } from "../../db/index.ts";
import type { AuditLog } from "../../events/index.ts";
import { BreakwaterError, type Caller } from "../../kernel/index.ts";
import type { ScanKind } from "./media-types.ts";
import type { OwnScanner } from "./own-scanner.ts";
import { builtIn, type Registration } from "./registration.ts";
import type { Registrations } from "./registrations.ts";
import type { Runs } from "./runs.ts";
import type { Subjects } from "./subject.ts";

/** An artifact that somebody wants scanned. */
export interface ScannedArtifact {
  readonly id: number;
  readonly digest: string;
  readonly repository: { readonly projectId: number; readonly name: string };
}

export interface ScansOptions {
  readonly database: Database;
  readonly audit: AuditLog;
  readonly registrations: Registrations;
  readonly runs: Runs;
  readonly subjects: Subjects;
  readonly own: OwnScanner;
}

/** Scans that people ask for, of one artifact. */
export class Scans {
  readonly #options: ScansOptions;

  constructor(options: ScansOptions) {
    this.#options = options;
  }

  /**
   * Asks the project's scanner about the artifact, or the images that it lists. Throws BAD_REQUEST where there is none,
   * PRECONDITION when the scanner is disabled.
   */
  async start(caller: Caller, artifact: ScannedArtifact, kind: ScanKind): Promise<void> {
    const { database, runs, own } = this.#options;
    const { registration, images } = await this.#find(artifact);
    if (registration.disabled) {
      throw new BreakwaterError(
        "PRECONDITION",
        `The scanner "${registration.name}" is disabled. Enable it, or choose another for the project.`,
      );
    }
    if (registration.uuid === builtIn.uuid && kind === "vulnerability") await own.request(images);
    else await database.write((tx) => runs.request(tx, images, registration.uuid, kind, null));
    await this.#record(caller, artifact, "scan", `${kind} by ${registration.name}`);
  }

  /** Throws BAD_REQUEST where there is no image in it. */
  async stop(caller: Caller, artifact: ScannedArtifact, kind: ScanKind): Promise<void> {
    const { runs, own } = this.#options;
    const { registration, images } = await this.#find(artifact);
    if (registration.uuid === builtIn.uuid && kind === "vulnerability") await own.stop(images);
    else await runs.stop(images, registration.uuid, kind);
    await this.#record(caller, artifact, "stop", `${kind} by ${registration.name}`);
  }

  async #find({ id, digest, repository }: ScannedArtifact): Promise<{
    readonly registration: Registration;
    readonly images: readonly number[];
  }> {
    const { registrations, subjects } = this.#options;
    const images = (await subjects.imagesOf([id])).get(id) ?? [];
    if (images.length === 0) {
      throw new BreakwaterError(
        "BAD_REQUEST",
        `${repository.name}@${digest} is no image and lists none: there is nothing in it to scan.`,
      );
    }
    return { registration: await registrations.ofProject(repository.projectId), images };
  }

  #record(caller: Caller, artifact: ScannedArtifact, operation: string, detail: string): Promise<void> {
    const { projectId, name } = artifact.repository;
    const resource = `${name}@${artifact.digest}`;
    return this.#options.audit.recordNow(caller, {
      operation,
      resourceType: "artifact",
      resource,
      projectId,
      detail,
    });
  }
}
