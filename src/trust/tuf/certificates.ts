import type { X509Certificate } from "node:crypto";
import { certificatesIn, isCertified, keyIn, type PublicKey } from "./keys.ts";

const day = 24 * 60 * 60 * 1000;
/** Bits. */
const minRsaLength = 2048;

/** Signature algorithms with SHA-1, by object identifier: of RSA, DSA and ECDSA. */
const sha1Algorithms: ReadonlySet<string> = new Set([
  "1.2.840.113549.1.1.5",
  "1.2.840.10040.4.3",
  "1.2.840.10045.4.1",
]);

/**
 * The keys among `keys` whose certificate is good for `gun` (the contract, section 3, step 2): each has exactly
 * one certificate that is not a CA's, that one comes first, and is issued to the GUN or to a prefix of it that ends
 * in `*`. `now` in milliseconds, or null where the certificate may have expired since it was trusted.
 */
export function keysCertifiedFor(
  gun: string,
  keys: Iterable<PublicKey>,
  now: number | null,
): ReadonlyMap<string, PublicKey> {
  const good = new Map<string, PublicKey>();
  for (const key of keys) {
    const leaf = leafOf(key);
    if (leaf === null || !namesGun(leaf, gun) || !isSound(leaf)) continue;
    if (now === null || isCurrent(leaf, now)) good.set(key.id, key);
  }
  return good;
}

/**
 * Until when at least `threshold` of the keys have a certificate that is good for `gun`, in milliseconds since 1970;
 * 0 when they never had.
 */
export function certifiedUntil(gun: string, keys: Iterable<PublicKey>, threshold: number): number {
  const ends = [...keysCertifiedFor(gun, keys, null).values()].map((key) =>
    Date.parse(leafOf(key)?.validTo ?? ""),
  );
  return ends.sort((a, b) => b - a)[threshold - 1] ?? 0;
}

/** True when the certificates in a key, where it has any, are made with what is still held to be secure. */
export function hasSoundCertificate(key: PublicKey): boolean {
  const [first] = isCertified(key) ? certificatesIn(key) : [];
  return first === undefined || isSound(first);
}

function leafOf(key: PublicKey): X509Certificate | null {
  if (!isCertified(key)) return null;
  const bundle = certificatesIn(key);
  const leaves = bundle.filter((certificate) => !certificate.ca);
  const [leaf] = leaves;
  return leaf !== undefined && leaves.length === 1 && bundle[0] === leaf ? leaf : null;
}

function namesGun(certificate: X509Certificate, gun: string): boolean {
  const given: string | readonly string[] | undefined = certificate.toLegacyObject().subject?.CN;
  const name = typeof given === "string" ? given : given?.at(-1);
  if (name === undefined) return false;
  return name.endsWith("*") ? gun.startsWith(name.replace(/\*+$/, "")) : name === gun;
}

function isSound(certificate: X509Certificate): boolean {
  if (Date.parse(certificate.validFrom) > Date.parse(certificate.validTo)) return false;
  if (sha1Algorithms.has(certificate.signatureAlgorithmOid ?? "")) return false;
  const key = keyIn(certificate);
  if (key === null) return false;
  const { asymmetricKeyType, asymmetricKeyDetails } = key;
  return asymmetricKeyType !== "rsa" || (asymmetricKeyDetails?.modulusLength ?? 0) >= minRsaLength;
}

/** Whose clock is wrong is unknown, so that a certificate may be a day too young. */
function isCurrent(certificate: X509Certificate, now: number): boolean {
  return Date.parse(certificate.validFrom) <= now + day && now <= Date.parse(certificate.validTo);
}
