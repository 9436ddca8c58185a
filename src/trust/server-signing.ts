import { day } from "../kernel/index.ts";
import { TrustRefusal } from "./refusal.ts";
import type { ServerKeys, ServerRole } from "./server-keys.ts";
import type { NewMetadata } from "./store.ts";
import type { Envelope } from "./tuf/envelope.ts";
import { nextListing } from "./tuf/listings.ts";
import type { Root } from "./tuf/root.ts";
import { signMetadata } from "./tuf/sign.ts";

/** How long what the server signs is good for, in milliseconds (the contract, section 3, steps 4 and 5). */
const lifetimes: Readonly<Record<ServerRole, number>> = { snapshot: 3 * 365 * day, timestamp: 14 * day };

/** Keys that the server would need for a role, and has not. Clients see it as Notary's `ErrInsufficientSignatures`. */
export class KeysNotHeld extends TrustRefusal {
  constructor(role: string, found: number, needed: number, missing: readonly string[]) {
    super("UNKNOWN", `The server holds ${found} of the ${needed} keys that it takes to sign a ${role}.`, {
      FoundKeys: found,
      NeededKeys: needed,
      MissingKeyIDs: missing,
    });
  }
}

/**
 * Signs the snapshot or timestamp that follows `previous` (null for the first), in which `documents` are listed
 * anew. Throws KeysNotHeld, and TufRefusal where nothing can follow.
 */
export async function signNext(
  keys: ServerKeys,
  gun: string,
  kind: ServerRole,
  root: Root,
  previous: Envelope | null,
  documents: ReadonlyMap<string, Uint8Array>,
  now: number,
): Promise<NewMetadata> {
  const role = root.roles[kind];
  const { signers, missing } = await keys.signers(gun, role);
  if (signers.length < role.threshold) {
    throw new KeysNotHeld(kind, signers.length, role.threshold, missing);
  }
  const signed = nextListing(kind, previous, documents, now + lifetimes[kind]);
  return { role: kind, version: signed.version, content: signMetadata(signed, signers) };
}
