import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

const algorithm = "aes-256-gcm";
const nonceLength = 12;
const tagLength = 16;

/**
 * Keeps credentials of others in the database, so that the database alone tells nobody: with a key that comes from the
 * installation's secret (RFC 5869; NIST SP 800-38D).
 */
export class SecretBox {
  readonly #key: Uint8Array;

  /** `secret` is the installation's, the same for good. */
  constructor(secret: Uint8Array) {
    this.#key = new Uint8Array(hkdfSync("sha256", secret, new Uint8Array(), "breakwater/scanners/1", 32));
  }

  /** `place` says whose it is, and is authenticated with it: a row's value is of no use in another row. */
  seal(place: string, text: string): Uint8Array {
    const nonce = randomBytes(nonceLength);
    const cipher = createCipheriv(algorithm, this.#key, nonce).setAAD(Buffer.from(place));
    const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    return new Uint8Array(Buffer.concat([nonce, sealed, cipher.getAuthTag()]));
  }

  /** Throws when it was sealed with another installation's secret, or for another place. */
  open(place: string, sealed: Uint8Array): string {
    const decipher = createDecipheriv(algorithm, this.#key, sealed.subarray(0, nonceLength))
      .setAAD(Buffer.from(place))
      .setAuthTag(sealed.subarray(-tagLength));
    const plain = [decipher.update(sealed.subarray(nonceLength, -tagLength)), decipher.final()];
    return Buffer.concat(plain).toString("utf8");
  }
}
