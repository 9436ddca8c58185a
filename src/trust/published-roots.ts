import { Lru } from "../kernel/index.ts";
import { certifiedUntil, keysCertifiedFor } from "./tuf/certificates.ts";
import { parseEnvelope } from "./tuf/envelope.ts";
import { sha256Of } from "./tuf/hashes.ts";
import { type Root, verifyRoot } from "./tuf/root.ts";

/** Verifies roots that are published. They never change, so that it is done again only as their certificates end. */
export class PublishedRoots {
  readonly #known = new Lru<string, { readonly root: Root; readonly until: number }>(1_000);

  /** The root may have expired, its certificates may not. Throws TufRefusal. */
  verify(gun: string, content: Uint8Array, now: number): Root {
    const key = `${gun}\n${sha256Of(content)}`;
    const known = this.#known.get(key);
    if (known !== undefined && now <= known.until) return known.root;
    const root = verifyRoot(parseEnvelope(content), { gun, previous: null, now, allowExpired: true });
    const good = keysCertifiedFor(gun, root.roles.root.keys.values(), now);
    // Until the first of them ends: with the others it may still be good, or not.
    this.#known.set(key, { root, until: certifiedUntil(gun, good.values(), good.size) });
    return root;
  }
}
