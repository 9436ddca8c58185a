import type { ObjectStore } from "../../blobs/index.ts";
import type { Database } from "../../db/index.ts";
import type { AuditLog, Events } from "../../events/index.ts";
import type { Clock } from "../../kernel/index.ts";
import { CveAllowlist } from "./cve-allowlist.ts";
import { Exceptions } from "./exceptions.ts";
import { Lifting } from "./lifting.ts";
import { AttachedVexDocuments } from "./vex/attached.ts";
import { ImportedVexDocuments } from "./vex/imported.ts";
import { recordPushers } from "./vex/pushers.ts";

export type { CveAllowlist, CveList, SystemCveList } from "./cve-allowlist.ts";
export type { Exception, NewException } from "./exception.ts";
export type { Exceptions } from "./exceptions.ts";
export type { ImageNames } from "./image.ts";
export type { Lifted, Lifting, LiftingRules } from "./lifting.ts";
export type { Owner } from "./owner.ts";
export type { ImportedVex, ImportedVexDocuments } from "./vex/imported.ts";
export { limits as vexLimits } from "./vex/invalid.ts";
export { parseVex } from "./vex/read.ts";
export type { VexTrust } from "./vex/trusted.ts";

/** What is overlooked of what is known against images. */
export interface ExceptionServices {
  readonly cveAllowlist: CveAllowlist;
  readonly exceptions: Exceptions;
  readonly vexDocuments: ImportedVexDocuments;
  readonly lifting: Lifting;
}

export interface ExceptionOptions {
  readonly database: Database;
  readonly objects: Pick<ObjectStore, "read">;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly events: Events;
  /** What images' names begin with here. */
  readonly hosts: readonly string[];
}

export function createExceptions(options: ExceptionOptions): ExceptionServices {
  const { database, objects, audit, clock, events, hosts } = options;
  const cveAllowlist = new CveAllowlist(database, audit, clock);
  const exceptions = new Exceptions(database, audit, clock);
  const vexDocuments = new ImportedVexDocuments(database, audit, clock);
  const attached = new AttachedVexDocuments(database, objects);
  recordPushers(events);
  return {
    cveAllowlist,
    exceptions,
    vexDocuments,
    lifting: new Lifting(exceptions, cveAllowlist, vexDocuments, attached, hosts, clock),
  };
}
