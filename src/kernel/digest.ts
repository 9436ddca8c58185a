import { BreakwaterError } from "./errors.ts";

/**
 * A digest as the OCI image specification writes it, `algorithm:hex` (image-spec 1.1, descriptor.md,
 * "Digests"). Only registered algorithms are taken: what cannot be verified is not stored.
 */
export type Digest = string & { readonly __digest: true };

const hexLength = { sha256: 64, sha512: 128 } as const;

export type DigestAlgorithm = keyof typeof hexLength;

const pattern = /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

export function isDigest(text: string): text is Digest {
  return pattern.test(text);
}

/** Parses `text`, or throws DIGEST_INVALID. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new BreakwaterError(
    "DIGEST_INVALID",
    `"${text.slice(0, 160)}" is not a digest: expected sha256: and 64 or sha512: and 128 lower-case hexadecimal digits.`,
  );
}

export function digestAlgorithm(digest: Digest): DigestAlgorithm {
  return digest.startsWith("sha256:") ? "sha256" : "sha512";
}

export function digestHex(digest: Digest): string {
  return digest.slice(7);
}

export function isDigestAlgorithm(text: string): text is DigestAlgorithm {
  return Object.hasOwn(hexLength, text);
}

/** The digest of bytes that are in memory. */
export function digestOf(content: Uint8Array | string, algorithm: DigestAlgorithm = "sha256"): Digest {
  return `${algorithm}:${new Bun.CryptoHasher(algorithm).update(content).digest("hex")}` as Digest;
}
