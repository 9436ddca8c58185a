import { Believed, type Database } from "../db/index.ts";
import type { Soon } from "../kernel/index.ts";
import { readScanPolicy, type ScanPolicy, scanSettings } from "./scan-policy.ts";

/** What a project demands of what is pulled from it. */
export interface PullPolicy {
  /** Harbor's `enable_content_trust`. */
  readonly contentTrust: boolean;
  /** Roles (`targets/alice`) or key ids that must all have signed; empty for any valid signature. */
  readonly signers: readonly string[];
  /** Null where what is known against images forbids nothing. */
  readonly scan: ScanPolicy | null;
}

/** Reads projects' policies. Asked at every pull, so they are believed until the database has changed. */
export class PullPolicies {
  readonly #database: Database;
  readonly #known: Believed<number, PullPolicy>;

  constructor(database: Database) {
    this.#database = database;
    this.#known = new Believed(database, 10_000);
  }

  of(projectId: number): Soon<PullPolicy> {
    return this.#known.get(projectId, () => this.#read(projectId));
  }

  async #read(projectId: number): Promise<PullPolicy> {
    const rows = await this.#database.read
      .selectFrom("project_metadata")
      .select(["name", "value"])
      .where("project_id", "=", projectId)
      .where("name", "in", ["enable_content_trust", "content_trust_signers", ...scanSettings])
      .execute();
    const settings = new Map(rows.map(({ name, value }) => [name, value]));
    return {
      contentTrust: settings.get("enable_content_trust") === "true",
      signers: (settings.get("content_trust_signers") ?? "").split(",").filter((signer) => signer !== ""),
      scan: readScanPolicy(settings),
    };
  }
}
