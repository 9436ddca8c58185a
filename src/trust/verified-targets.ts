import { Courtesy } from "../kernel/index.ts";
import type { CurrentSet } from "./current.ts";
import type { ProvenDocument, ProvenTargets } from "./proven-targets.ts";
import type { PublishedRoots } from "./published-roots.ts";
import { certifiedUntil } from "./tuf/certificates.ts";
import type { RoleKeys } from "./tuf/envelope.ts";
import { verifyHashes } from "./tuf/hashes.ts";
import { canonicalKeyId } from "./tuf/keys.ts";
import { verifyListing } from "./tuf/listings.ts";
import { Prefixes } from "./tuf/prefixes.ts";
import { TufRefusal } from "./tuf/refusal.ts";
import { byDepth, parentOf } from "./tuf/roles.ts";
import type { Root } from "./tuf/root.ts";
import { type Delegation, delegationOf } from "./tuf/targets.ts";

/** A role's targets, of which the signatures are verified up to the root. Expiry is for whoever asks to look at. */
export interface VerifiedRole {
  readonly role: string;
  /** Canonical ids of the keys that have signed it. */
  readonly keys: readonly string[];
  /** When its own metadata expires; milliseconds since 1970, as all times here. */
  readonly ownExpiresAt: number;
  /** The earliest at which the role or one that delegates to it expires. */
  readonly expiresAt: number;
  /** When this version was published. */
  readonly publishedAt: number;
  /** The SHA-256 that each target is signed with, in hexadecimal; only targets that the role may sign. */
  readonly targets: ReadonlyMap<string, string>;
}

/** Everything that is signed under a GUN at one moment. */
export interface VerifiedTargets {
  /** Canonical ids of the root's keys. */
  readonly rootKeys: readonly string[];
  /** The earliest at which the root or its certificates expire; milliseconds since 1970. */
  readonly expiresAt: number;
  /** The earliest at which the snapshot or timestamp expires, after which the server signs anew if it can. */
  readonly listedUntil: number;
  /** By role, those that delegate before what they delegate to. */
  readonly roles: ReadonlyMap<string, VerifiedRole>;
  /** What it takes in memory, about. */
  readonly bytes: number;
}

/** A document, and what the names of its targets begin with. */
interface TrustedDocument extends ProvenDocument {
  readonly paths: Prefixes;
}

/** Of a GUN, more than anybody signs: some hundred thousand targets (TUF specification 1.0, section 1.5.2, endless data). */
export const maxBytes = 64 * 1024 * 1024;

/**
 * Verifies everything that `current` lists, from its root down, as a client would that sees it for the first time
 * (TUF specification 1.0, section 5). A delegation that does not verify is left out, as Docker leaves it out; for
 * anything else throws TufRefusal: then somebody has changed what is stored.
 */
export async function verifyCurrentTargets(
  current: CurrentSet,
  roots: PublishedRoots,
  proven: ProvenTargets,
): Promise<VerifiedTargets> {
  const { gun, timestamp, snapshot } = current;
  const { content } = await current.get("root");
  const root = roots.verify(gun, content, null);
  const listed = new Map([["snapshot", snapshot.stored.content]]);
  verifyListing(timestamp.envelope, "timestamp", root.roles.timestamp, null, listed);
  const named = new Map([["root", content]]);
  verifyListing(snapshot.envelope, "snapshot", root.roles.snapshot, null, named);

  const documents = new Map<string, TrustedDocument>();
  const roles = new Map<string, VerifiedRole>();
  const courtesy = new Courtesy();
  let bytes = content.length;
  const names = [...snapshot.listing.meta.keys()].filter((name) => name.split("/", 1)[0] === "targets");
  for (const name of names.sort(byDepth)) {
    if (courtesy.due) await courtesy.pause();
    const parent = documents.get(parentOf(name));
    const role = unlessRefused(() => roleOf(root, parent, name));
    if (role === null) continue;
    const stored = await current.find(name);
    if (stored === null) {
      if (name === "targets") throw new TufRefusal("checksum", "targets are listed and not there");
      continue;
    }
    verifyHashes(stored.content, name, snapshot.listing.meta.get(name));
    const prove = () => proven.of(stored.content, role);
    const document = name === "targets" ? prove() : unlessRefused(prove);
    if (document === null) continue;
    bytes += document.bytes;
    if (bytes > maxBytes) throw new TufRefusal("malformed", "there are more targets than can be looked at");
    const paths = "paths" in role ? below(parent?.paths, role.paths) : Prefixes.all;
    documents.set(name, { ...document, paths });
    const above = roles.get(parentOf(name));
    roles.set(name, {
      role: name,
      keys: document.keys,
      ownExpiresAt: document.expires.at,
      expiresAt: Math.min(document.expires.at, above?.expiresAt ?? Number.POSITIVE_INFINITY),
      publishedAt: stored.createdAt,
      targets: amongPaths(document.hashes, paths),
    });
  }
  const { keys, threshold } = root.roles.root;
  return {
    rootKeys: [...keys.values()].map(canonicalKeyId),
    expiresAt: Math.min(root.expires.at, certifiedUntil(gun, keys.values(), threshold)),
    listedUntil: Math.min(timestamp.listing.expires.at, snapshot.listing.expires.at),
    roles,
    bytes,
  };
}

function roleOf(root: Root, parent: ProvenDocument | undefined, name: string): RoleKeys | Delegation {
  return name === "targets" ? root.roles.targets : delegationOf(parent, name);
}

function unlessRefused<T>(check: () => T): T | null {
  try {
    return check();
  } catch (error) {
    if (error instanceof TufRefusal) return null;
    throw error;
  }
}

/** TUF specification 1.0, section 4.5: a role signs below its paths, each of which must lie below one of its parent's. */
function below(above: Prefixes | undefined, own: readonly string[]): Prefixes {
  return new Prefixes(own.filter((path) => above?.cover(path)));
}

function amongPaths(hashes: ReadonlyMap<string, string>, paths: Prefixes): ReadonlyMap<string, string> {
  return paths.isAll ? hashes : new Map([...hashes].filter(([name]) => paths.cover(name)));
}
