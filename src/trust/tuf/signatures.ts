import { constants, createPublicKey, type KeyObject, verify } from "node:crypto";
import { importKey, type PublicKey } from "./keys.ts";

/** Bits; Notary takes no RSA key below. */
const minRsaLength = 2048;
/** Bytes of one of the two numbers in a signature, by curve. Fixed width: leading zeros are kept. */
const curveWidths: Readonly<Record<string, number>> = {
  secp224r1: 28,
  prime256v1: 32,
  secp384r1: 48,
  secp521r1: 66,
};
const sha256Salt = 32;

type Verify = (key: PublicKey, signature: Uint8Array, message: Uint8Array) => boolean;

/** The contract, section 6, "Methods". Each takes keys of its own type only. */
const methods: ReadonlyMap<string, Verify> = new Map<string, Verify>([
  ["eddsa", eddsa],
  ["ecdsa", ecdsa],
  ["rsapss", (key, signature, message) => rsaPss(rsaKey(key), signature, message)],
  ["rsapkcs1v15", (key, signature, message) => rsaPkcs1(rsaKey(key), signature, message)],
  ["pycrypto-pkcs#1 pss", (key, signature, message) => rsaPss(pemKey(key), signature, message)],
]);

/** True when `signature` is `key`'s over `message` by the method of that name. Never throws. */
export function isSignature(
  method: string,
  key: PublicKey,
  signature: Uint8Array,
  message: Uint8Array,
): boolean {
  try {
    return methods.get(method.toLowerCase())?.(key, signature, message) ?? false;
  } catch {
    return false;
  }
}

/** RFC 8032: Ed25519. */
function eddsa(key: PublicKey, signature: Uint8Array, message: Uint8Array): boolean {
  const imported = key.type === "ed25519" ? importKey(key) : null;
  return imported !== null && signature.length === 64 && verify(null, message, imported, signature);
}

/** ECDSA over SHA-256, whatever the curve, with r and s in fixed width one after the other. */
function ecdsa(key: PublicKey, signature: Uint8Array, message: Uint8Array): boolean {
  const imported = key.type.startsWith("ecdsa") ? importKey(key) : null;
  const width = curveWidths[imported?.asymmetricKeyDetails?.namedCurve ?? ""];
  if (imported === null || width === undefined || signature.length !== 2 * width) return false;
  return verify("sha256", message, { key: imported, dsaEncoding: "ieee-p1363" }, signature);
}

function rsaPss(key: KeyObject | null, signature: Uint8Array, message: Uint8Array): boolean {
  if (!isLongEnough(key)) return false;
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return verify("sha256", message, { key, padding, saltLength: sha256Salt }, signature);
}

function rsaPkcs1(key: KeyObject | null, signature: Uint8Array, message: Uint8Array): boolean {
  return (
    isLongEnough(key) && verify("sha256", message, { key, padding: constants.RSA_PKCS1_PADDING }, signature)
  );
}

function isLongEnough(key: KeyObject | null): key is KeyObject {
  return (key?.asymmetricKeyDetails?.modulusLength ?? 0) >= minRsaLength;
}

function rsaKey(key: PublicKey): KeyObject | null {
  return key.type.startsWith("rsa") ? importKey(key) : null;
}

/** The legacy method's keys are called `rsa`, and are PEM text where others are DER. */
function pemKey({ type, value }: PublicKey): KeyObject | null {
  if (type !== "rsa") return null;
  const key = createPublicKey({ key: Buffer.from(value), format: "pem" });
  return key.asymmetricKeyType === "rsa" ? key : null;
}
