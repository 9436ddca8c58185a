// The library's classes read their constructors' types through Reflect's metadata: it has to be there first.
import "reflect-metadata/lite";
import { createHash, createPublicKey, randomBytes } from "node:crypto";
import { isIP } from "node:net";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";

/**
 * The making of certificates, apart from the rest: the library takes a moment to load, and most starts need
 * no new certificate. The profile is RFC 5280's.
 */
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** A new ECDSA P-256 key, PKCS #8 in PEM. */
export async function generateKey(): Promise<string> {
  const { privateKey } = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  return `${PemConverter.encode(await crypto.subtle.exportKey("pkcs8", privateKey), "PRIVATE KEY")}\n`;
}

/** An authority's own certificate, in PEM. One key has one subject, whenever its certificate is made anew. */
export async function issueAuthority(privateKey: string, validity: Validity): Promise<string> {
  const keys = await importKeys(privateKey);
  const spki = await crypto.subtle.exportKey("spki", keys.publicKey);
  // Machines that trust several authorities look an issuer up by its name, so names must differ.
  const id = createHash("sha256").update(new Uint8Array(spki)).digest("hex").slice(0, 12);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ O: ["Breakwater"] }, { CN: [`Breakwater CA ${id}`] }],
    ...validity,
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return `${certificate.toString("pem")}\n`;
}

/** A server's certificate for `names`, host names or IP addresses, in PEM. */
export async function issueServer(
  authority: { readonly certificate: string; readonly privateKey: string },
  privateKey: string,
  names: readonly string[],
  validity: Validity,
): Promise<string> {
  const issuer = new X509Certificate(authority.certificate);
  const { privateKey: signingKey } = await importKeys(authority.privateKey);
  const { publicKey } = await importKeys(privateKey);
  const commonName = names.find((name) => isIP(name) === 0 && name.length <= 64);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ O: ["Breakwater"] }, ...(commonName === undefined ? [] : [{ CN: [commonName] }])],
    issuer: issuer.subjectName,
    ...validity,
    signingAlgorithm: algorithm,
    publicKey,
    signingKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? "dns" : "ip", value })),
      ),
      await SubjectKeyIdentifierExtension.create(publicKey),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return `${certificate.toString("pem")}\n`;
}

/** 126 random bits, of which the leading one keeps the number positive and its length the same (RFC 5280, 4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString("hex");
}

async function importKeys(pem: string): Promise<CryptoKeyPair> {
  const pkcs8 = PemConverter.decodeFirst(pem);
  // WebCrypto has no way from a private key to its public one.
  const spki = createPublicKey(pem).export({ type: "spki", format: "der" });
  const [privateKey, publicKey] = await Promise.all([
    crypto.subtle.importKey("pkcs8", pkcs8, algorithm, true, ["sign"]),
    crypto.subtle.importKey("spki", new Uint8Array(spki), algorithm, true, ["verify"]),
  ]);
  return { privateKey, publicKey };
}
