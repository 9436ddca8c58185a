import { canonicalJson } from "./canonical-json.ts";

/** A private key that somebody else keeps. */
export interface Signer {
  /** The public key's. */
  readonly keyId: string;
  readonly method: "eddsa";
  sign(message: Uint8Array): Uint8Array;
}

/** Signed metadata as bytes (TUF specification 1.0, section 4.2.1), in the form in which Notary writes it. */
export function signMetadata(signed: object, signers: readonly Signer[]): Uint8Array {
  const message = canonicalJson(signed);
  const signatures = signers.map(({ keyId, method, sign }) => ({
    keyid: keyId,
    method,
    sig: Buffer.from(sign(message)).toString("base64"),
  }));
  return Buffer.concat([
    Buffer.from('{"signed":'),
    message,
    Buffer.from(`,"signatures":${JSON.stringify(signatures)}}`),
  ]);
}
