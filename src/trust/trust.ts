import type { Database } from "../db/index.ts";
import { type AuditLog, Events } from "../events/index.ts";
import { type Caller, type Clock, parseRepositoryName } from "../kernel/index.ts";
import { CurrentSet } from "./current.ts";
import { deleteOfProject, deleteTrustData } from "./delete.ts";
import { GunNames } from "./guns.ts";
import { Journal } from "./journal.ts";
import { TrustOverview } from "./overview.ts";
import { projectIdOf } from "./projects.ts";
import { ProvenTargets } from "./proven-targets.ts";
import { Publisher } from "./publish.ts";
import { PublishedRoots } from "./published-roots.ts";
import { MetadataReader } from "./read.ts";
import { Renewal } from "./renewal.ts";
import { describeKey, ServerKeys, type ServerRole } from "./server-keys.ts";
import { TrustStatuses } from "./status.ts";
import { MetadataStore } from "./store.ts";
import { parseEnvelope } from "./tuf/envelope.ts";
import { parseRoot } from "./tuf/root.ts";
import { Verification } from "./verification.ts";
import { Expiries } from "./watch/expiries.ts";
import { recordsOf } from "./watch/records.ts";
import { TrustWatch } from "./watch/watch.ts";

export interface TrustOptions {
  readonly database: Database;
  readonly audit: AuditLog;
  readonly clock: Clock;
  /** Where it hears of tags that are moved, and tells of what it has noticed. */
  readonly events?: Events;
  /** The installation's secret, the same for all processes and for good: the server's keys are encrypted with it. */
  readonly secret: Uint8Array;
  /** What the GUNs that are taken here begin with: hosts with their ports, the external one first. */
  readonly hosts: readonly string[];
}

/** Trust data of Docker's clients, and what it says of the tags in the registry. */
export interface Trust {
  readonly names: GunNames;
  readonly publisher: Publisher;
  readonly reader: MetadataReader;
  readonly journal: Journal;
  readonly statuses: TrustStatuses;
  readonly overview: TrustOverview;
  readonly expiries: Expiries;
  readonly watch: TrustWatch;
  /** The public key with which the server signs for that role, or would once a root names it; as JSON. */
  key(gun: string, role: ServerRole): Promise<string>;
  /** A public key to replace it with. It takes effect when a root is published that names it. */
  rotateKey(caller: Caller, gun: string, role: ServerRole): Promise<string>;
  /** Nothing where there is nothing. */
  delete(caller: Caller, gun: string): Promise<void>;
}

export function createTrust(options: TrustOptions): Trust {
  const { database, audit, clock, secret, hosts, events = new Events() } = options;
  const names = new GunNames(hosts);
  const store = new MetadataStore(database);
  const keys = new ServerKeys(database, clock, secret);
  const journal = new Journal(database, audit, clock, names);
  const roots = new PublishedRoots();
  const renewal = new Renewal({ database, clock, store, keys, journal, roots });
  const proven = new ProvenTargets();
  const verification = new Verification(store, renewal, proven, roots);
  const statuses = new TrustStatuses(clock, verification, names);
  const overview = new TrustOverview(database.read, verification, statuses, names);
  const expiries = new Expiries(database, clock, events);
  const watch = new TrustWatch({
    database,
    clock,
    events,
    names,
    verification,
    statuses,
    overview,
    expiries,
  });
  events.on("tagsMoved", (tx, moved) => watch.note(tx, moved));
  events.on("projectDeleted", (tx, { name, caller }) =>
    deleteOfProject(tx, names, store, journal, caller, name),
  );
  events.on("trustAlarm", async (tx, alarm) => {
    const projectId = await projectIdOf(tx, parseRepositoryName(alarm.repository));
    for (const record of recordsOf(alarm)) await audit.record(tx, alarm.caller, { ...record, projectId });
  });
  return {
    names,
    publisher: new Publisher({ database, clock, store, keys, journal, names, proven, roots }),
    reader: new MetadataReader(database, clock, store, renewal),
    journal,
    statuses,
    overview,
    expiries,
    watch,
    async key(gun, role) {
      const current = await CurrentSet.open(store, gun);
      const root = await current?.find("root");
      const named = root && parseRoot(parseEnvelope(root.content)).roles[role];
      const held = named ? await keys.held(gun, named) : null;
      return describeKey(held ?? (await keys.unused(gun, role)));
    },
    async rotateKey(caller, gun, role) {
      const key = await keys.unused(gun, role);
      await journal.rotated(gun, caller, role, key.id);
      return describeKey(key);
    },
    delete: (caller, gun) => deleteTrustData(database, store, journal, caller, gun),
  };
}
