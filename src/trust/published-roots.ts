import { Lru } from "../kernel/index.ts";
import { certifiedUntil, keysCertifiedFor } from "./tuf/certificates.ts";
import { parseEnvelope } from "./tuf/envelope.ts";
import { sha256Of } from "./tuf/hashes.ts";
import { type Root, verifyRoot } from "./tuf/root.ts";

interface VerifiedRoot {
  readonly sha256: string;
  readonly root: Root;
  /** Milliseconds since 1970. */
  readonly until: number;
  /** What it takes in memory, about. */
  readonly bytes: number;
}

const capacity = 32 * 1024 * 1024;
const perRoot = 4_096;

/**
 * Verifies roots that are published, of which the newest of each GUN is remembered. They never change, so that it is
 * done again only as their certificates end.
 */
export class PublishedRoots {
  readonly #known = new Lru<string, VerifiedRoot>(capacity, ({ bytes }) => bytes);

  /** The root may have expired, its certificates may not unless `now` is null. Throws TufRefusal. */
  verify(gun: string, content: Uint8Array, now: number | null): Root {
    const sha256 = sha256Of(content);
    const known = this.#known.get(gun);
    if (known?.sha256 === sha256 && (now === null || now <= known.until)) return known.root;
    const root = verifyRoot(parseEnvelope(content), { gun, previous: null, now, allowExpired: true });
    const good = keysCertifiedFor(gun, root.roles.root.keys.values(), now);
    // Until the first of them ends: with the others it may still be good, or not.
    const until = now === null ? 0 : certifiedUntil(gun, good.values(), good.size);
    this.#known.set(gun, { sha256, root, until, bytes: 2 * content.length + perRoot });
    return root;
  }
}
