import { keysCertifiedFor } from "./certificates.ts";
import { type Envelope, type RoleKeys, verifyExpiry, verifyThreshold } from "./envelope.ts";
import type { Instant } from "./instant.ts";
import type { PublicKey } from "./keys.ts";
import { badStructure, TufRefusal } from "./refusal.ts";
import { type BaseRole, baseRoles } from "./roles.ts";
import { bounds, integer, key, list, members, object, optional, shaped, string } from "./shapes.ts";

/** Root metadata (TUF specification 1.0, section 4.3) that does not contradict itself. */
export interface Root {
  readonly version: number;
  readonly expires: Instant;
  readonly roles: Readonly<Record<BaseRole, RoleKeys>>;
}

/** What a root is held against. */
export interface RootContext {
  readonly gun: string;
  /** The root that was trusted until now; null for a repository's first. */
  readonly previous: Root | null;
  /** Milliseconds since 1970; null where it does not matter whether the root or its certificates have expired. */
  readonly now: number | null;
  /** Stored metadata that expired is still what the next one is held against; its certificates must not have. */
  readonly allowExpired: boolean;
}

const role = object({ keyids: list(string, bounds.keys), threshold: integer });
const shape = object({ keys: members(key, bounds.keys), roles: members(optional(role), bounds.roles) });

/** Reads a root without believing it. Throws TufRefusal. */
export function parseRoot(envelope: Envelope): Root {
  const { keys, roles } = shaped(shape, envelope.signed ?? {});
  if (envelope.type !== "Root") throw badStructure("root", `expected type Root, not ${envelope.type}`);
  if (envelope.version < 1) throw badStructure("root", "version cannot be less than 1");
  const entries = baseRoles.map((name) => {
    const found = roles.get(name);
    if (found === undefined || found === null)
      throw badStructure("root", `missing ${name} role specification`);
    return [name, roleKeys("root", name, found.threshold, found.keyids, keys)] as const;
  });
  return {
    version: envelope.version,
    expires: envelope.expires,
    roles: Object.fromEntries(entries) as Record<BaseRole, RoleKeys>,
  };
}

/** Structure of a role in `document`: threshold ≥ 1, and each key id stands for a key. Throws TufRefusal. */
export function roleKeys(
  document: string,
  name: string,
  threshold: number,
  keyIds: readonly string[],
  keys: ReadonlyMap<string, PublicKey>,
): RoleKeys {
  if (threshold < 1) throw badStructure(document, `invalid threshold specified for ${name}: ${threshold} `);
  const own = new Map<string, PublicKey>();
  for (const id of keyIds) {
    const found = keys.get(id);
    if (found === undefined) {
      throw badStructure(document, `key ID ${id} specified in ${name} without corresponding key`);
    }
    own.set(id, found);
  }
  return { name, threshold, keys: own };
}

/**
 * TUF specification 1.0, section 5.3 (update the root role), with Notary's certificates: the new root is signed by
 * a threshold of the previous root's keys (5.3.4, arbitrary software and key compromise below the threshold), and
 * by a threshold of its own. That its version follows the previous one (5.3.5, rollback) is the publisher's to
 * check, whose message differs. Throws TufRefusal.
 */
export function verifyRoot(envelope: Envelope, { gun, previous, now, allowExpired }: RootContext): Root {
  const root = parseRoot(envelope);
  const own = keysCertifiedFor(gun, root.roles.root.keys.values(), now);
  if (own.size === 0) throw noPath("unable to retrieve valid leaf certificates");
  if (previous !== null) {
    const { keys, threshold } = previous.roles.root;
    const trusted = keysCertifiedFor(gun, keys.values(), null);
    if (trusted.size === 0) throw noPath("could not retrieve trusted certs from previous root role data");
    if (!meets(envelope, { name: "root", threshold, keys: trusted })) {
      throw new TufRefusal(
        "rotation",
        "could not rotate trust to a new trusted root: failed to validate data with current trusted certificates",
      );
    }
  }
  if (!meets(envelope, { name: "root", threshold: root.roles.root.threshold, keys: own })) {
    throw noPath("failed to validate integrity of roots");
  }
  if (!allowExpired && now !== null) verifyExpiry(root.expires, "root", now);
  return root;
}

function meets(envelope: Envelope, role: RoleKeys): boolean {
  try {
    verifyThreshold(envelope, role);
    return true;
  } catch (error) {
    if (error instanceof TufRefusal) return false;
    throw error;
  }
}

function noPath(reason: string): TufRefusal {
  return new TufRefusal("certificate", `could not validate the path to a trusted root: ${reason}`);
}
