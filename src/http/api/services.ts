import type { Access } from "../../access/index.ts";
import type { AuditLog, AuditReader } from "../../events/index.ts";
import type { JobQueue, Schedules } from "../../jobs/index.ts";
import type { Clock } from "../../kernel/index.ts";
import type { ProjectServices } from "../../projects/index.ts";
import type { Registry } from "../../registry/index.ts";
import type { ExceptionServices, Feeds, Sboms, Scanners, SecurityHub } from "../../scan/index.ts";
import type { Trust } from "../../trust/index.ts";
import type { Verdicts } from "../../verdict/index.ts";

/** What the REST API is made of. */
export interface ApiServices extends ProjectServices {
  readonly access: Access;
  readonly registry: Registry;
  readonly verdicts: Pick<Verdicts, "ofArtifact" | "ofArtifacts" | "ofCopy">;
  readonly trust: Pick<Trust, "expiries">;
  readonly exceptions: Pick<ExceptionServices, "cveAllowlist" | "exceptions" | "vexDocuments">;
  readonly sboms: Sboms;
  readonly feeds: Pick<Feeds, "overview">;
  readonly hub: SecurityHub;
  readonly scanners: Pick<Scanners, "registrations" | "health" | "scans" | "sweep" | "artifacts">;
  /** For what changes in a room that keeps no records of its own. */
  readonly audit: Pick<AuditLog, "recordNow">;
  readonly auditReader: AuditReader;
  readonly queue: JobQueue;
  readonly schedules: Schedules;
  readonly clock: Clock;
  /** PEM of the authority that signed the server's certificate; null where there is none to hand out. */
  readonly caCertificate: string | null;
  readonly settings: ApiSettings;
  /** The parts that must work for the registry to work, in any order. */
  readonly healthChecks: readonly HealthCheck[];
  /** Bytes of the volume that holds the blobs. */
  readonly storageCapacity: () => Promise<{ readonly total: number; readonly free: number }>;
}

export interface HealthCheck {
  /** As Harbor's clients know it, such as `database` or `registry`. */
  readonly name: string;
  /** Resolves when the part works. The message of what it throws is shown to everybody. */
  readonly check: () => Promise<void>;
}

/** What the API tells of the installation. */
export interface ApiSettings {
  /** This program's, such as `0.1.0`. */
  readonly version: string;
  /** Scheme, host and port, without a slash at the end. */
  readonly externalUrl: string;
  /** Harbor's name of the storage driver, such as `filesystem`. */
  readonly storageProvider: string;
  readonly robotNamePrefix: string;
  /** Of the registry's tokens, in minutes. */
  readonly tokenLifetime: number;
  /** Of sessions, in minutes. */
  readonly sessionLifetime: number;
}
