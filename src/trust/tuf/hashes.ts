import { createHash, timingSafeEqual } from "node:crypto";
import { badStructure, TufRefusal } from "./refusal.ts";
import type { FileMeta } from "./shapes.ts";

/** The algorithms that Notary knows, and the bytes of their digests. Others are passed over. */
const algorithms = { sha256: 32, sha512: 64 } as const;
const names = ["sha256", "sha512"] as const;

/** What a parent document says of `content` (TUF specification 1.0, section 4.4), as JSON. */
export function fileMetaOf(content: Uint8Array) {
  const base64 = (algorithm: string) => createHash(algorithm).update(content).digest("base64");
  return { hashes: { sha256: base64("sha256"), sha512: base64("sha512") }, length: content.length };
}

export function sha256Of(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** The SHA-256 by which a document names another, in hexadecimal; null when it names none. */
export function sha256In(meta: FileMeta | undefined): string | null {
  const hash = meta?.hashes.get("sha256");
  return hash === undefined ? null : Buffer.from(hash, "base64").toString("hex");
}

/**
 * TUF specification 1.0, sections 5.5.2 and 5.6.2 (mix-and-match): `content` is what its parent meant, by each
 * hash that the parent gives. Throws TufRefusal, also when it gives none.
 */
export function verifyHashes(content: Uint8Array, role: string, meta: FileMeta | undefined): void {
  let checked = 0;
  for (const name of names) {
    const given = meta?.hashes.get(name);
    if (given === undefined) continue;
    const expected = Buffer.from(given, "base64");
    const found = createHash(name).update(content).digest();
    if (expected.length !== found.length || !timingSafeEqual(expected, found)) {
      const wanted = expected.toString("hex");
      throw new TufRefusal("checksum", `${name} checksum for ${role} did not match: expected ${wanted}`);
    }
    checked++;
  }
  if (checked === 0) {
    throw new TufRefusal("checksum", `no checksums for supported algorithms were provided for ${role}`);
  }
}

/** The contract, section 3, step 4: `document` must give `role`'s SHA-256, and hashes of the right length only. */
export function requireHashes(document: string, role: string, meta: FileMeta | undefined): void {
  if (meta?.hashes.get("sha256") === undefined) {
    throw badStructure(document, `missing ${role} sha256 checksum information`);
  }
  for (const name of names) {
    const hash = meta.hashes.get(name);
    if (hash !== undefined && Buffer.byteLength(hash, "base64") !== algorithms[name]) {
      throw badStructure(document, `invalid ${role} checksum information, ${name} checksum invalid`);
    }
  }
}
