import { createHash, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { canonicalJson } from "./canonical-json.ts";

/** A public key as metadata lists it (the contract, section 6). */
export interface PublicKey {
  /** `ecdsa`, `rsa`, `ed25519`, `ecdsa-x509`, `rsa-x509`; others are kept, and verify nothing. */
  readonly type: string;
  /** DER of the SPKI for ecdsa and rsa, 32 bytes for ed25519, PEM text of certificates for x509. */
  readonly value: Uint8Array;
  /** SHA-256 of its canonical JSON, in hexadecimal. */
  readonly id: string;
}

/** RFC 8410, section 4: what comes before the 32 bytes of an Ed25519 key in its SPKI. */
const ed25519Prefix = Buffer.from("302a300506032b6570032100", "hex");

const certified: Readonly<Record<string, { readonly plain: string; readonly keyType: string }>> = {
  "ecdsa-x509": { plain: "ecdsa", keyType: "ec" },
  "rsa-x509": { plain: "rsa", keyType: "rsa" },
};

/** The key, with the id that follows from it. */
export function publicKey(type: string, value: Uint8Array): PublicKey {
  return {
    type,
    value,
    id: createHash("sha256")
      .update(canonicalJson(keyJson(type, value)))
      .digest("hex"),
  };
}

/** The key as JSON: what its id is the hash of, and what the server answers. */
export function keyJson(type: string, value: Uint8Array) {
  return { keytype: type, keyval: { public: Buffer.from(value).toString("base64"), private: null } };
}

/** True when the key is, or should be, in certificates. */
export function isCertified(key: PublicKey): boolean {
  return Object.hasOwn(certified, key.type);
}

/**
 * The id of the key itself: that of a certified key is the id of the same key without its certificate, so that
 * keys can be recognised in all the certificates they are in. A certificate that cannot be read keeps its own.
 */
export function canonicalKeyId(key: PublicKey): string {
  const plain = certified[key.type]?.plain;
  if (plain === undefined) return key.id;
  const [certificate] = certificatesIn(key);
  const spki = certificate && keyIn(certificate)?.export({ type: "spki", format: "der" });
  return spki === undefined ? key.id : publicKey(plain, new Uint8Array(spki)).id;
}

/** The key in a certificate; null where the engine does not know its kind, such as most elliptic curves. */
export function keyIn(certificate: X509Certificate): KeyObject | null {
  try {
    return certificate.publicKey;
  } catch {
    return null;
  }
}

/** More than a key has that lead up to an authority. */
const maxCertificates = 16;

/**
 * The certificates in an x509 key, in their order; empty when one of them, or anything else there, is none, and when
 * they are too many to be looked at.
 */
export function certificatesIn(key: PublicKey): X509Certificate[] {
  const pem = Buffer.from(key.value).toString("latin1");
  const blocks = [...pem.matchAll(/-----BEGIN ([^-\r\n]*)-----([^-]*)-----END \1-----/g)];
  if (blocks.length > maxCertificates || blocks.some(([, label]) => label !== "CERTIFICATE")) return [];
  try {
    return blocks.map(([, , body = ""]) => new X509Certificate(Buffer.from(body, "base64")));
  } catch {
    return [];
  }
}

/** Keys as the engine wants them: those of a root that is remembered are asked for again and again. */
const imported = new WeakMap<PublicKey, KeyObject | null>();

/** The key as the engine wants it; null when it is not what its type says. */
export function importKey(key: PublicKey): KeyObject | null {
  const known = imported.get(key);
  if (known !== undefined) return known;
  const made = tryImport(key);
  imported.set(key, made);
  return made;
}

function tryImport(key: PublicKey): KeyObject | null {
  try {
    return importTyped(key);
  } catch {
    return null;
  }
}

function importTyped({ type, value, id }: PublicKey): KeyObject | null {
  const spki = (der: Uint8Array) => createPublicKey({ key: Buffer.from(der), format: "der", type: "spki" });
  if (type === "ed25519") return value.length === 32 ? spki(Buffer.concat([ed25519Prefix, value])) : null;
  if (type === "ecdsa" || type === "rsa") {
    const imported = spki(value);
    return imported.asymmetricKeyType === (type === "rsa" ? "rsa" : "ec") ? imported : null;
  }
  const expected = certified[type]?.keyType;
  const [certificate] = expected === undefined ? [] : certificatesIn({ type, value, id });
  const imported = certificate === undefined ? null : keyIn(certificate);
  return imported?.asymmetricKeyType === expected ? imported : null;
}
