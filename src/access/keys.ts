import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";

/**
 * A 32-byte key for one purpose, derived from the installation's secret (RFC 5869): what one key leaks says
 * nothing of the others, and none can stand in for another.
 */
export function deriveKey(secret: Uint8Array, purpose: "tokens" | "robots" | "csrf"): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", secret, new Uint8Array(), `breakwater/${purpose}/1`, 32));
}

/** HMAC-SHA-256. */
export function mac(key: Uint8Array, text: string, encoding: "hex" | "base64url"): string {
  return createHmac("sha256", key).update(text).digest(encoding);
}

/** Compares two texts in a time that depends on their lengths only. */
export function equalInConstantTime(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
