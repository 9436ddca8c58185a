import type { CurrentSet } from "./current.ts";
import { type InvalidPart, invalidUpdate, TrustRefusal } from "./refusal.ts";
import { type Envelope, parseEnvelope } from "./tuf/envelope.ts";
import { verifyListing } from "./tuf/listings.ts";
import { TufRefusal } from "./tuf/refusal.ts";
import { ancestorsOf, byDepth, parentOf } from "./tuf/roles.ts";
import { type Root, verifyRoot } from "./tuf/root.ts";
import { type Targets, verifyDelegation, verifyTargets } from "./tuf/targets.ts";

/** A document that a client uploads, parsed but not believed. */
export interface Upload {
  readonly role: string;
  readonly content: Uint8Array;
  readonly envelope: Envelope;
}

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
  now: number,
): Promise<Candidate> {
  const documents = new Map<string, Uint8Array>();
  const accepted: Upload[] = [];
  const root = await examineRoot(gun, uploads.get("root"), current, now, documents);
  const uploadedRoot = uploads.get("root");
  if (uploadedRoot !== undefined) accepted.push(uploadedRoot);

  const trusted = new Map<string, Targets>();
  const roles = [...uploads.keys()].filter((role) => role.split("/", 1)[0] === "targets").sort(byDepth);
  for (const role of roles) {
    const upload = uploads.get(role);
    if (upload === undefined) continue;
    for (const ancestor of ancestorsOf(role)) {
      if (!trusted.has(ancestor)) await loadStored(root, ancestor, current, trusted, documents);
    }
    const targets = refusedAs("BadTargets", () => verify(root, upload.envelope, role, trusted, now));
    trusted.set(role, targets);
    documents.set(role, upload.content);
    accepted.push(upload);
  }

  const snapshot = uploads.get("snapshot");
  if (snapshot !== undefined) {
    refusedAs("BadSnapshot", () =>
      verifyListing(snapshot.envelope, "snapshot", root.roles.snapshot, now, documents),
    );
    accepted.push(snapshot);
  }
  return { root, documents, accepted, hasTargets: trusted.has("targets") };
}

async function examineRoot(
  gun: string,
  upload: Upload | undefined,
  current: CurrentSet | null,
  now: number,
  documents: Map<string, Uint8Array>,
): Promise<Root> {
  const stored = current === null ? null : await current.get("root");
  const previous =
    stored === null
      ? null
      : fromStore(() =>
          verifyRoot(parseEnvelope(stored.content), { gun, previous: null, now, allowExpired: true }),
        );
  if (upload === undefined) {
    if (stored === null || previous === null) {
      throw invalidUpdate("Validation", "no pre-existing root and no root provided in update.");
    }
    documents.set("root", stored.content);
    return previous;
  }
  const version = upload.envelope.version;
  const before = previous?.version ?? 1;
  // TUF specification 1.0, section 5.3.5 (rollback); a root that is skipped would be one that nobody can follow.
  if (version !== before && version !== before + 1) {
    throw invalidUpdate(
      "BadRoot",
      `Root modifications must increment the version. Current ${before}, new ${version}`,
    );
  }
  documents.set("root", upload.content);
  return refusedAs("BadRoot", () => verifyRoot(upload.envelope, { gun, previous, now, allowExpired: false }));
}

/** What delegates to an uploaded role and was not uploaded with it: as it is published, even if it has expired. */
async function loadStored(
  root: Root,
  role: string,
  current: CurrentSet | null,
  trusted: Map<string, Targets>,
  documents: Map<string, Uint8Array>,
): Promise<void> {
  const stored = (await current?.find(role)) ?? null;
  // Then the role below has nobody who delegates to it, and is refused for that.
  if (stored === null) return;
  const targets = fromStore(() => verify(root, parseEnvelope(stored.content), role, trusted, null));
  trusted.set(role, targets);
  documents.set(role, stored.content);
}

function verify(
  root: Root,
  envelope: Envelope,
  role: string,
  trusted: ReadonlyMap<string, Targets>,
  now: number | null,
): Targets {
  if (role === "targets") return verifyTargets(envelope, root.roles.targets, now);
  if (!trusted.has("targets")) throw new TufRefusal("delegation", "targets must be loaded first");
  return verifyDelegation(envelope, role, trusted.get(parentOf(role)), now);
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
