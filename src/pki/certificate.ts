import { createPrivateKey, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { BreakwaterError } from "../kernel/index.ts";

/** What a TLS listener needs, checked to belong together. */
export interface ServerCertificate {
  /** PEM: the server's certificate, then the chain up to its authority. */
  readonly certificate: string;
  /** PEM, not encrypted. */
  readonly privateKey: string;
  /** Of the server's own certificate, milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** The host names and IP addresses that it is for. */
  readonly names: readonly string[];
}

const block = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g;

/** The PEM blocks in `text` whose label ends with `label`. */
export function pemBlocks(text: string, label: "CERTIFICATE" | "PRIVATE KEY"): string[] {
  return [...text.matchAll(block)]
    .filter(([, found]) => found?.endsWith(label))
    .map(([whole]) => `${whole}\n`);
}

/**
 * Takes PEM texts for a server's certificate and key. `where` names them in the refusal, CONFIG_INVALID:
 * of something else than PEM, of an encrypted key, of a key that belongs to another certificate.
 */
export function parseServerCertificate(
  texts: { readonly certificate: string; readonly privateKey: string },
  where: { readonly certificate: string; readonly privateKey: string },
): ServerCertificate {
  const chain = pemBlocks(texts.certificate, "CERTIFICATE");
  const [first] = chain;
  if (first === undefined) throw refused(`${where.certificate} holds no certificate in PEM form.`);
  const leaf = attempt(
    `The certificate in ${where.certificate} cannot be read.`,
    () => new X509Certificate(first),
  );
  const [privateKey] = pemBlocks(texts.privateKey, "PRIVATE KEY");
  if (privateKey === undefined) throw refused(`${where.privateKey} holds no private key in PEM form.`);
  if (privateKey.includes("ENCRYPTED")) {
    throw refused(
      `The private key in ${where.privateKey} is encrypted; Breakwater needs it without a pass phrase.`,
    );
  }
  const key = attempt(`The private key in ${where.privateKey} cannot be read.`, () =>
    createPrivateKey(privateKey),
  );
  if (!leaf.checkPrivateKey(key)) {
    throw refused(
      `The private key in ${where.privateKey} does not belong to the certificate in ${where.certificate}.`,
    );
  }
  return {
    certificate: chain.join(""),
    privateKey,
    notBefore: leaf.validFromDate.getTime(),
    notAfter: leaf.validToDate.getTime(),
    names: namesOf(leaf),
  };
}

export function refused(message: string, cause?: unknown): BreakwaterError {
  return new BreakwaterError("CONFIG_INVALID", message, { cause });
}

/** Runs `parse`, and gives its failure the message that a person understands. */
export function attempt<T>(message: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw refused(message, cause);
  }
}

function namesOf(certificate: X509Certificate): string[] {
  const entries = (certificate.subjectAltName ?? "").split(", ");
  return canonicalNames(entries.flatMap((entry) => /^(?:DNS|IP Address):(.+)$/.exec(entry)?.[1] ?? []));
}

/** Without doubles, each in the one spelling by which names are compared. */
export function canonicalNames(names: Iterable<string>): string[] {
  return [...new Set([...names].map(canonical))];
}

function canonical(name: string): string {
  if (isIP(name) !== 6) return name.toLowerCase();
  return new URL(`https://[${name}]`).hostname.slice(1, -1);
}
