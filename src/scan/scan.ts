import type { ObjectStore } from "../blobs/index.ts";
import type { Database } from "../db/index.ts";
import type { AuditLog, Events } from "../events/index.ts";
import type { Clock } from "../kernel/index.ts";
import { CurrentDatabase } from "./feeds/current.ts";
import { readPointer } from "./feeds/pointer.ts";
import { Shelf } from "./feeds/shelf.ts";
import { SecurityHub } from "./hub/hub.ts";
import { Images } from "./images/images.ts";
import { recordOf } from "./images/record.ts";
import { VulnerabilityDatabase } from "./vulndb/index.ts";

export interface ScanOptions {
  readonly database: Database;
  readonly objects: ObjectStore;
  readonly audit: AuditLog;
  readonly clock: Clock;
  /** Where it hears of manifests that are pushed, and tells of images that became vulnerable. */
  readonly events: Events;
  /** Of this machine, for the vulnerability database and what is large while layers are read; its processes share it. */
  readonly folder: string;
  /** By the feed's name, milliseconds after it was last read from which it is stale. */
  readonly maxAge: (feed: string) => number;
}

/** The built-in scanner. */
export interface Scan {
  readonly images: Images;
  readonly hub: SecurityHub;
  /** Where compiled vulnerability databases lie. */
  readonly shelf: Shelf;
  /** The one that this process has open. */
  readonly vulnerabilities: CurrentDatabase<VulnerabilityDatabase>;
}

export function createScan({ database, objects, audit, clock, events, folder, maxAge }: ScanOptions): Scan {
  const shelf = new Shelf(objects, folder);
  const open = (file: string) => VulnerabilityDatabase.open(file);
  const vulnerabilities = new CurrentDatabase({ database, shelf, clock, open });
  const current = () => vulnerabilities.current();
  const newest = async () => {
    await vulnerabilities.refresh();
    const pointer = await readPointer(database.read);
    const known = current();
    return known?.manifest.version === pointer?.version ? known : null;
  };
  const images = new Images({
    ...{ database, objects, clock, events, current, newest, maxAge },
    temporaryFolder: folder,
  });
  events.on("manifestPushed", (tx, { manifestId }) => images.note(tx, manifestId));
  events.on("imageBecameVulnerable", (tx, event) => audit.record(tx, event.caller, recordOf(event)));
  return { images, hub: new SecurityHub(database.read, current), shelf, vulnerabilities };
}
