import { Lru } from "../kernel/index.ts";
import { parseEnvelope, type RoleKeys } from "./tuf/envelope.ts";
import { sha256In, sha256Of } from "./tuf/hashes.ts";
import { canonicalKeyId } from "./tuf/keys.ts";
import { TufRefusal } from "./tuf/refusal.ts";
import { type Delegation, type Targets, verifyDelegation, verifyTargets } from "./tuf/targets.ts";

/** What the role's keys have signed. Expiry, and which targets the role may sign, is for whoever asks to look at. */
export interface ProvenDocument extends Pick<Targets, "delegations" | "expires"> {
  /** Canonical ids of the keys that have signed. */
  readonly keys: readonly string[];
  /** The SHA-256 of each target, in hexadecimal. */
  readonly hashes: ReadonlyMap<string, string>;
  /** What it takes in memory, about. */
  readonly bytes: number;
}

interface Proof {
  /** Whose keys it was held against. */
  readonly role: RoleKeys;
  readonly outcome: ProvenDocument | TufRefusal;
}

const capacity = 64 * 1024 * 1024;
const perValue = 100;

/**
 * Verifies documents of targets that are published, each once for the keys that its role has: it never changes,
 * however often something else of its GUN is published. Those that do not verify cost no less, and are remembered too.
 */
export class ProvenTargets {
  readonly #known = new Lru<string, Proof>(capacity, weigh);

  /** `role` as the document has it that delegates to it: the root, or what else is trusted. Throws TufRefusal. */
  of(content: Uint8Array, role: RoleKeys | Delegation): ProvenDocument {
    const key = `${role.name}\n${sha256Of(content)}`;
    let proof = this.#known.get(key);
    if (proof === undefined || !sameKeys(proof.role, role)) {
      proof = { role, outcome: prove(content, role) };
      this.#known.set(key, proof);
    }
    if (proof.outcome instanceof TufRefusal) throw proof.outcome;
    return proof.outcome;
  }
}

function prove(content: Uint8Array, role: RoleKeys | Delegation): ProvenDocument | TufRefusal {
  try {
    const envelope = parseEnvelope(content);
    const signed =
      "paths" in role ? verifyDelegation(envelope, role, null) : verifyTargets(envelope, role, null);
    const { targets, delegations, expires, signedBy } = signed;
    const hashes = new Map<string, string>();
    for (const [name, meta] of targets) {
      const hash = sha256In(meta);
      if (hash !== null) hashes.set(name, hash);
    }
    const values = delegations.reduce(
      (sum, { keys, paths }) => sum + 1 + keys.size + paths.length,
      hashes.size,
    );
    const bytes = content.length + perValue * values;
    return { delegations, expires, keys: signedBy.map(canonicalKeyId), hashes, bytes };
  } catch (error) {
    if (error instanceof TufRefusal) return error;
    throw error;
  }
}

function sameKeys(a: RoleKeys, b: RoleKeys): boolean {
  if (a === b) return true;
  if (a.threshold !== b.threshold || a.keys.size !== b.keys.size) return false;
  for (const [id, key] of a.keys) if (b.keys.get(id)?.id !== key.id) return false;
  return true;
}

function weigh({ role, outcome }: Proof): number {
  let bytes = outcome instanceof TufRefusal ? perValue : outcome.bytes;
  for (const { value } of role.keys.values()) bytes += value.length + perValue;
  return bytes;
}
