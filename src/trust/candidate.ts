import { Courtesy } from "../kernel/index.ts";
import type { CurrentSet } from "./current.ts";
import type { ProvenTargets } from "./proven-targets.ts";
import type { PublishedRoots } from "./published-roots.ts";
import { type InvalidPart, invalidUpdate, TrustRefusal } from "./refusal.ts";
import { canonicalJson } from "./tuf/canonical-json.ts";
import { type Envelope, parseEnvelope, type RoleKeys, verifyRoom } from "./tuf/envelope.ts";
import { sha256In } from "./tuf/hashes.ts";
import { type Listing, verifyListing } from "./tuf/listings.ts";
import { badStructure, TufRefusal } from "./tuf/refusal.ts";
import { ancestorsOf, byDepth, parentOf } from "./tuf/roles.ts";
import { type Root, verifyRoot } from "./tuf/root.ts";
import {
  type Delegation,
  delegationOf,
  type Targets,
  verifyDelegation,
  verifyTargets,
} from "./tuf/targets.ts";

/** A document that a client uploads, parsed but not believed. */
export interface Upload {
  readonly role: string;
  readonly content: Uint8Array;
  readonly envelope: Envelope;
}

/** Of a whole upload, more than hundreds of roles have: each costs a public-key operation. */
const maxSignatures = 1_000;

/** Of targets that are trusted, what those below are held against. */
type Delegating = Pick<Targets, "delegations">;

/** An upload that was found good: what it is published with. */
export interface Candidate {
  readonly root: Root;
  /** The root and the targets that were looked at, by role: what a snapshot has to list. */
  readonly documents: ReadonlyMap<string, Uint8Array>;
  /** The uploads to store, in the order in which they were checked. Timestamps of clients are left out. */
  readonly accepted: readonly Upload[];
  readonly hasTargets: boolean;
}

/**
 * Checks an upload against what is published, as the contract has it (section 3, steps 1 to 4). Throws
 * INVALID_UPDATE for the first rule that is broken.
 */
export async function examine(
  gun: string,
  uploads: ReadonlyMap<string, Upload>,
  current: CurrentSet | null,
  roots: PublishedRoots,
  proven: ProvenTargets,
  now: number,
): Promise<Candidate> {
  const signatures = uploads.values().reduce((sum, { envelope }) => sum + envelope.signatures.length, 0);
  if (signatures > maxSignatures) {
    throw invalidUpdate("Validation", `an update may have ${maxSignatures} signatures, not ${signatures}`);
  }
  const root = await examineRoot(gun, uploads.get("root"), current, roots, now);
  const documents = new Map([["root", root.content]]);
  const trusted = new Map<string, Delegating>();
  const courtesy = new Courtesy();
  const accepted = [uploads.get("root")];

  const roles = [...uploads.values()].filter(({ role }) => role.split("/", 1)[0] === "targets");
  for (const upload of roles.sort((a, b) => byDepth(a.role, b.role))) {
    if (courtesy.due) await courtesy.pause();
    const { role, content, envelope } = upload;
    for (const ancestor of ancestorsOf(role)) {
      const stored = trusted.has(ancestor) ? null : ((await current?.find(ancestor)) ?? null);
      // Where it is not there either, the role below has nobody who delegates to it, and is refused for that.
      if (stored === null) continue;
      // What is published may have expired: it is what its successor is held against.
      const published = () => proven.of(stored.content, roleOf(root.metadata, ancestor, trusted));
      trusted.set(ancestor, fromStore(published));
      documents.set(ancestor, stored.content);
    }
    const sent = () => {
      verifyRoom(envelope.version, role);
      return verify(envelope, roleOf(root.metadata, role, trusted), now);
    };
    trusted.set(role, refusedAs("BadTargets", sent));
    await requireNoOthers(upload, current);
    documents.set(role, content);
    accepted.push(upload);
  }

  const snapshot = uploads.get("snapshot");
  if (snapshot !== undefined) {
    const { snapshot: keys } = root.metadata.roles;
    refusedAs("BadSnapshot", () => {
      verifyRoom(snapshot.envelope.version, "snapshot");
      const listing = verifyListing(snapshot.envelope, "snapshot", keys, now, documents);
      if (current !== null) requireNothingElse(listing, current.snapshot.listing, documents);
    });
    accepted.push(snapshot);
  }
  return {
    root: root.metadata,
    documents,
    accepted: accepted.filter((upload) => upload !== undefined),
    hasTargets: trusted.has("targets"),
  };
}

/**
 * Metadata does not say which role it is for, and Docker has people sign for themselves and for releases with one key.
 * So whoever has no keys could publish for the one what is signed for the other (TUF specification 1.0, section 1.5.2:
 * mix-and-match). Throws INVALID_UPDATE.
 */
async function requireNoOthers({ role, envelope }: Upload, current: CurrentSet | null): Promise<void> {
  const others = (await current?.ofOthers(role, envelope.version)) ?? [];
  if (others.length === 0) return;
  const signed = canonicalJson(envelope.signed);
  for (const other of others) {
    const published = fromStore(() => canonicalJson(parseEnvelope(other.content).signed));
    if (Buffer.compare(published, signed) !== 0) continue;
    throw invalidUpdate("BadTargets", `what was sent for ${role} was published for ${other.role}`);
  }
}

/**
 * TUF specification 1.0, sections 5.5.5 and 5.6.4 (rollback): of what is not sent with it, a snapshot lists what is
 * current. Otherwise who has its key could bring back what others have signed once, and replaced since.
 */
function requireNothingElse(
  listing: Listing,
  published: Listing,
  documents: ReadonlyMap<string, Uint8Array>,
): void {
  for (const [role, meta] of listing.meta) {
    if (documents.has(role) || sha256In(meta) === sha256In(published.meta.get(role))) continue;
    throw badStructure("snapshot", `it lists a ${role} that is neither published nor sent with it`);
  }
}

/** The root that holds from now on: the uploaded one, else the one that is published. */
async function examineRoot(
  gun: string,
  upload: Upload | undefined,
  current: CurrentSet | null,
  roots: PublishedRoots,
  now: number,
): Promise<{ readonly metadata: Root; readonly content: Uint8Array }> {
  const content = current === null ? null : (await current.get("root")).content;
  const published =
    content === null ? null : { content, metadata: fromStore(() => roots.verify(gun, content, now)) };
  if (upload === undefined) {
    if (published !== null) return published;
    throw invalidUpdate("Validation", "no pre-existing root and no root provided in update.");
  }
  const previous = published?.metadata ?? null;
  const { version } = upload.envelope;
  const before = previous?.version ?? 1;
  // TUF specification 1.0, section 5.3.5 (rollback); a root that is skipped would be one that nobody can follow.
  if (version !== before && version !== before + 1) {
    throw invalidUpdate(
      "BadRoot",
      `Root modifications must increment the version. Current ${before}, new ${version}`,
    );
  }
  const context = { gun, previous, now, allowExpired: false };
  return {
    content: upload.content,
    metadata: refusedAs("BadRoot", () => verifyRoot(upload.envelope, context)),
  };
}

function verify(envelope: Envelope, role: RoleKeys | Delegation, now: number): Delegating {
  return "paths" in role ? verifyDelegation(envelope, role, now) : verifyTargets(envelope, role, now);
}

/** Whose keys count for a role of targets. Throws TufRefusal where nobody delegates to it. */
function roleOf(root: Root, role: string, trusted: ReadonlyMap<string, Delegating>): RoleKeys | Delegation {
  if (role === "targets") return root.roles.targets;
  if (!trusted.has("targets")) throw new TufRefusal("delegation", "targets must be loaded first");
  return delegationOf(trusted.get(parentOf(role)), role);
}

/** Runs a check of what the client sent. Throws INVALID_UPDATE, for that part of it. */
function refusedAs<T>(part: InvalidPart, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw error instanceof TufRefusal ? invalidUpdate(part, error.message, error) : error;
  }
}

/** Runs a check of what is published. The client cannot help it when that fails: INVALID_UPDATE, without detail. */
function fromStore<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof TufRefusal)) throw error;
    throw new TrustRefusal(
      "INVALID_UPDATE",
      `What is published is no longer good: ${error.message}`,
      null,
      error,
    );
  }
}
