import { type Envelope, type RoleKeys, verifyExpiry, verifyThreshold } from "./envelope.ts";
import { fileMetaOf, requireHashes, verifyHashes } from "./hashes.ts";
import type { Instant } from "./instant.ts";
import { badStructure, TufRefusal } from "./refusal.ts";
import { bounds, type FileMeta, fileMeta, members, object, shaped } from "./shapes.ts";

/** Snapshot and timestamp metadata (TUF specification 1.0, sections 4.4 and 4.6): what other documents are now. */
export interface Listing {
  readonly version: number;
  readonly expires: Instant;
  readonly meta: ReadonlyMap<string, FileMeta>;
}

const shape = object({ meta: members(fileMeta, bounds.documents) });
const kinds = {
  snapshot: { type: "Snapshot", lists: ["root", "targets"] },
  timestamp: { type: "Timestamp", lists: ["snapshot"] },
} as const;

export type ListingRole = keyof typeof kinds;

/** Reads a snapshot or timestamp without believing it. Throws TufRefusal. */
export function parseListing(envelope: Envelope, role: ListingRole): Listing {
  const { type, lists } = kinds[role];
  const { meta } = shaped(shape, envelope.signed ?? {});
  if (envelope.type !== type) throw badStructure(role, `expected type ${type}, not ${envelope.type}`);
  if (envelope.version < 1) throw badStructure(role, "version cannot be less than one");
  for (const listed of lists) requireHashes(role, listed, meta.get(listed));
  return { version: envelope.version, expires: envelope.expires, meta };
}

/**
 * TUF specification 1.0, sections 5.4 and 5.5: signatures (arbitrary software), expiry (freeze; `now` null where it
 * does not matter), and, so that nothing is mixed with what it was never published with, the hash of each of
 * `documents`. Throws TufRefusal.
 */
export function verifyListing(
  envelope: Envelope,
  kind: ListingRole,
  role: RoleKeys,
  now: number | null,
  documents: ReadonlyMap<string, Uint8Array>,
): Listing {
  verifyThreshold(envelope, role);
  const listing = parseListing(envelope, kind);
  if (now !== null) verifyExpiry(listing.expires, kind, now);
  for (const [name, content] of documents) verifyHashes(content, name, listing.meta.get(name));
  return listing;
}

/**
 * The `signed` part of the listing that follows `previous`, or of the first: its version is one higher, `documents`
 * replace what it said of them, what it says of others stays. `expires` in milliseconds. Throws TufRefusal where none
 * can follow.
 */
export function nextListing(
  kind: ListingRole,
  previous: Envelope | null,
  documents: ReadonlyMap<string, Uint8Array>,
  expires: number,
) {
  const before = (previous?.signed ?? {}) as { readonly meta?: Readonly<Record<string, unknown>> };
  const meta = new Map<string, unknown>(Object.entries(before.meta ?? {}));
  for (const [name, content] of documents) meta.set(name, fileMetaOf(content));
  if (meta.size > bounds.documents)
    throw badStructure(kind, `it would list more than ${bounds.documents} roles`);
  const version = (previous?.version ?? 0) + 1;
  // Nobody could read it, the server no more than clients.
  if (!Number.isSafeInteger(version)) throw new TufRefusal("version", `no version of the ${kind} can follow`);
  return {
    _type: kinds[kind].type,
    // Whole seconds: what reads a fraction and writes it again may leave out zeros, and spoil the signature.
    expires: new Date(expires).toISOString().replace(/\.\d+Z$/, "Z"),
    meta: Object.fromEntries(meta),
    version,
  };
}
