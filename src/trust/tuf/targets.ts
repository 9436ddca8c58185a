import { hasSoundCertificate } from "./certificates.ts";
import { type Envelope, type RoleKeys, verifyExpiry, verifyThreshold } from "./envelope.ts";
import type { Instant } from "./instant.ts";
import type { PublicKey } from "./keys.ts";
import { badStructure, TufRefusal } from "./refusal.ts";
import { isDelegation, parentOf } from "./roles.ts";
import { roleKeys } from "./root.ts";
import {
  bounds,
  type FileMeta,
  fileMeta,
  integer,
  key,
  list,
  members,
  object,
  optional,
  shaped,
  string,
  text,
} from "./shapes.ts";

/** Targets metadata (TUF specification 1.0, section 4.5), of `targets` itself or of a delegation. */
export interface Targets {
  readonly version: number;
  readonly expires: Instant;
  readonly targets: ReadonlyMap<string, FileMeta>;
  readonly delegations: readonly Delegation[];
}

/** Targets of which the signatures were verified. */
export interface SignedTargets extends Targets {
  /** The keys of the role that have signed. */
  readonly signedBy: readonly PublicKey[];
}

export interface Delegation extends RoleKeys {
  /** What the names of its targets begin with; the empty text for any. */
  readonly paths: readonly string[];
}

const delegated = object({
  name: text,
  keyids: list(string, bounds.keys),
  threshold: integer,
  paths: list(string, bounds.paths),
});
const delegations = object({ keys: members(key, bounds.keys), roles: list(delegated, bounds.roles) });
const shape = object({ targets: members(fileMeta), delegations: optional(delegations) });

/** Reads the metadata of `role` without believing it. Throws TufRefusal. */
export function parseTargets(envelope: Envelope, role: string): Targets {
  const given = shaped(shape, envelope.signed ?? {});
  if (envelope.type !== "Targets") throw badStructure(role, `expected type Targets, not ${envelope.type}`);
  if (envelope.version < 1) throw badStructure(role, "version cannot be less than one");
  const keys = given.delegations?.keys ?? new Map();
  return {
    version: envelope.version,
    expires: envelope.expires,
    targets: given.targets,
    delegations: (given.delegations?.roles ?? []).map(({ name, keyids, threshold, paths }) => {
      if (!isDelegation(name) || parentOf(name) !== role) {
        throw badStructure(role, `delegation role ${name} invalid`);
      }
      return { ...roleKeys(role, name, threshold, keyids, keys), paths };
    }),
  };
}

/** TUF specification 1.0, section 5.6: targets as the root has them signed. Throws TufRefusal. */
export function verifyTargets(envelope: Envelope, role: RoleKeys, now: number | null): SignedTargets {
  const signed = verifyThreshold(envelope, role);
  const targets = parseTargets(envelope, role.name);
  if (now !== null) verifyExpiry(targets.expires, role.name, now);
  return { ...targets, signedBy: among(role, signed) };
}

/**
 * Whom `parent`, which is trusted, delegates that name to. Throws TufRefusal when it does to nobody: whoever holds a
 * key of some other role signs nothing there.
 */
export function delegationOf(parent: Pick<Targets, "delegations"> | undefined, name: string): Delegation {
  const role = parent?.delegations.find((delegation) => delegation.name === name);
  if (role !== undefined) return role;
  throw new TufRefusal("delegation", `tuf: invalid role ${name}. delegation does not exist`);
}

/** TUF specification 1.0, section 5.6.7: targets as a trusted delegation has them signed. Throws TufRefusal. */
export function verifyDelegation(envelope: Envelope, role: Delegation, now: number | null): SignedTargets {
  const { name } = role;
  for (const listed of role.keys.values()) {
    if (!hasSoundCertificate(listed)) {
      throw new TufRefusal("certificate", `the certificate of key ${listed.id} of ${name} is not secure`);
    }
  }
  const targets = parseTargets(envelope, name);
  const signed = verifyThreshold(envelope, role);
  if (now !== null) verifyExpiry(targets.expires, name, now);
  return { ...targets, signedBy: among(role, signed) };
}

function among({ keys }: RoleKeys, ids: ReadonlySet<string>): readonly PublicKey[] {
  return [...keys.values()].filter(({ id }) => ids.has(id));
}
