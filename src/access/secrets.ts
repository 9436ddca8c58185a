import { randomInt } from "node:crypto";
import { BreakwaterError } from "../kernel/index.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const required = [/[a-z]/, /[A-Z]/, /[0-9]/];

/** Harbor's rule for passwords and for the secrets of robots. */
function isStrong(secret: string): boolean {
  return secret.length >= 8 && secret.length <= 128 && required.every((kind) => kind.test(secret));
}

/** Throws BAD_REQUEST when `secret` does not meet Harbor's rule. `what` names it: "password", "secret". */
export function requireStrong(secret: string, what: string): void {
  if (isStrong(secret)) return;
  throw new BreakwaterError(
    "BAD_REQUEST",
    `The ${what} must have 8 to 128 characters, with at least one upper-case letter, one lower-case letter and one digit.`,
  );
}

/**
 * A random secret that meets the rule. Letters and digits only: a colon would end the name in Basic
 * credentials (RFC 7617, section 2), and other signs do not survive every shell and file.
 */
export function generateSecret(length: number): string {
  for (;;) {
    let secret = "";
    for (let i = 0; i < length; i++) secret += alphabet[randomInt(alphabet.length)];
    if (isStrong(secret)) return secret;
  }
}
