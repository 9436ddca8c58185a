import { parseEnvelope } from "../../src/trust/tuf/envelope.ts";
import { sha256In } from "../../src/trust/tuf/hashes.ts";
import { parseListing, verifyListing } from "../../src/trust/tuf/listings.ts";
import { verifyRoot } from "../../src/trust/tuf/root.ts";
import { verifyTargets } from "../../src/trust/tuf/targets.ts";

/** Reads a file below a GUN's `_trust/tuf/`. */
export type ReadMetadata = (file: string) => Promise<Uint8Array>;

/** What is published, after every signature and hash of it was verified. */
export interface Published {
  readonly root: Uint8Array;
  readonly targets: Uint8Array;
  /** Version of the timestamp. */
  readonly timestamp: number;
}

/** Reads and verifies as a client that sees the repository for the first time (TUF specification 1.0, section 5). */
export async function readPublished(read: ReadMetadata, gun: string): Promise<Published> {
  const now = Date.now();
  const root = await read("root.json");
  const trusted = verifyRoot(parseEnvelope(root), { gun, previous: null, now, allowExpired: false });
  const timestamp = parseEnvelope(await read("timestamp.json"));
  const hash = sha256In(parseListing(timestamp, "timestamp").meta.get("snapshot"));
  const snapshot = await read(`snapshot.${hash}.json`);
  const listed = new Map([["snapshot", snapshot]]);
  verifyListing(timestamp, "timestamp", trusted.roles.timestamp, now, listed);
  const { meta } = parseListing(parseEnvelope(snapshot), "snapshot");
  const targets = await read(`targets.${sha256In(meta.get("targets"))}.json`);
  const documents = new Map([
    ["root", root],
    ["targets", targets],
  ]);
  verifyListing(parseEnvelope(snapshot), "snapshot", trusted.roles.snapshot, now, documents);
  verifyTargets(parseEnvelope(targets), trusted.roles.targets, now);
  return { root, targets, timestamp: timestamp.version };
}
