import type { CurrentSet } from "./current.ts";
import { certifiedUntil } from "./tuf/certificates.ts";
import { parseEnvelope, type RoleKeys } from "./tuf/envelope.ts";
import { sha256In, verifyHashes } from "./tuf/hashes.ts";
import { canonicalKeyId } from "./tuf/keys.ts";
import { verifyListing } from "./tuf/listings.ts";
import { TufRefusal } from "./tuf/refusal.ts";
import { byDepth, parentOf } from "./tuf/roles.ts";
import { verifyRoot } from "./tuf/root.ts";
import {
  type Delegation,
  type SignedTargets,
  type Targets,
  verifyDelegation,
  verifyTargets,
} from "./tuf/targets.ts";

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
}

/**
 * Verifies everything that `current` lists, from its root down, as a client would that sees it for the first time
 * (TUF specification 1.0, section 5). A delegation that does not verify is left out, as Docker leaves it out; for
 * anything else throws TufRefusal: then somebody has changed what is stored.
 */
export async function verifyCurrentTargets(current: CurrentSet): Promise<VerifiedTargets> {
  const { gun, timestamp, snapshot } = current;
  const { content } = await current.get("root");
  const root = parseEnvelope(content);
  const trusted = verifyRoot(root, { gun, previous: null, now: null, allowExpired: true });
  const listed = new Map([["snapshot", snapshot.stored.content]]);
  verifyListing(timestamp.envelope, "timestamp", trusted.roles.timestamp, null, listed);
  const named = new Map([["root", content]]);
  verifyListing(snapshot.envelope, "snapshot", trusted.roles.snapshot, null, named);

  const documents = new Map<string, SignedTargets>();
  const roles = new Map<string, VerifiedRole>();
  const names = [...snapshot.listing.meta.keys()].filter((name) => name.split("/", 1)[0] === "targets");
  for (const name of names.sort(byDepth)) {
    const stored = await current.find(name);
    if (stored === null) {
      if (name === "targets") throw new TufRefusal("checksum", "targets are listed and not there");
      continue;
    }
    verifyHashes(stored.content, name, snapshot.listing.meta.get(name));
    const parent = documents.get(parentOf(name));
    const targets = verifyOne(name, stored.content, trusted.roles.targets, parent);
    if (targets === null) continue;
    documents.set(name, targets);
    const above = roles.get(parentOf(name));
    roles.set(name, {
      role: name,
      keys: targets.signedBy.map(canonicalKeyId),
      ownExpiresAt: targets.expires.at,
      expiresAt: Math.min(targets.expires.at, above?.expiresAt ?? Number.POSITIVE_INFINITY),
      publishedAt: stored.createdAt,
      targets: hashesOf(targets, name === "targets" ? [""] : pathsOf(documents, name)),
    });
  }
  const { keys, threshold } = trusted.roles.root;
  return {
    rootKeys: [...keys.values()].map(canonicalKeyId),
    expiresAt: Math.min(trusted.expires.at, certifiedUntil(gun, keys.values(), threshold)),
    listedUntil: Math.min(timestamp.listing.expires.at, snapshot.listing.expires.at),
    roles,
  };
}

function verifyOne(
  name: string,
  content: Uint8Array,
  role: RoleKeys,
  parent: Targets | undefined,
): SignedTargets | null {
  if (name === "targets") return verifyTargets(parseEnvelope(content), role, null);
  try {
    return verifyDelegation(parseEnvelope(content), name, parent, null);
  } catch (error) {
    if (error instanceof TufRefusal) return null;
    throw error;
  }
}

function delegationOf(parent: Targets | undefined, name: string): Delegation | undefined {
  return parent?.delegations.find((delegation) => delegation.name === name);
}

/** TUF specification 1.0, section 4.5: a role signs below its paths, each of which must lie below one of its parent's. */
function pathsOf(documents: ReadonlyMap<string, Targets>, name: string): readonly string[] {
  if (name === "targets") return [""];
  const above = pathsOf(documents, parentOf(name));
  const own = delegationOf(documents.get(parentOf(name)), name)?.paths ?? [];
  return own.filter((path) => above.some((prefix) => path.startsWith(prefix)));
}

function hashesOf(targets: Targets, paths: readonly string[]): ReadonlyMap<string, string> {
  const hashes = new Map<string, string>();
  for (const [name, meta] of targets.targets) {
    const hash = sha256In(meta);
    if (hash !== null && paths.some((path) => name.startsWith(path))) hashes.set(name, hash);
  }
  return hashes;
}
