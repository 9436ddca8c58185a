import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../kernel/index.ts";
import { type Authority, clockSkew, serverLifetime } from "./authority.ts";
import { canonicalNames, parseServerCertificate, refused, type ServerCertificate } from "./certificate.ts";
import { ensurePrivateDirectory, privateMode, readText, replaceFile } from "./files.ts";

export interface ServerCertificateOptions {
  /** Where `server.pem` lies: key and chain in one file, so that one is never without the other. */
  readonly directory: string;
  readonly authority: Authority;
  /** Host names and IP addresses; the first host name becomes the subject's. */
  readonly names: Iterable<string>;
  readonly now?: number;
}

/**
 * The server's certificate from the own authority. It is made at the first call, and again when two thirds of
 * its life are over, when the names are others, or when the authority is.
 */
export async function ensureServerCertificate(options: ServerCertificateOptions): Promise<ServerCertificate> {
  const { directory, authority, now = systemClock() } = options;
  const names = canonicalNames(options.names);
  const file = join(directory, "server.pem");
  const text = await readText(file);
  const present = text === undefined ? undefined : read(text, file);
  if (present !== undefined && isGood(present, authority, names, now)) return present;

  const { generateKey, issueServer } = await import("./issue.ts");
  const privateKey = await generateKey();
  const leaf = await issueServer(authority, privateKey, names, {
    notBefore: new Date(now - clockSkew),
    notAfter: new Date(now - clockSkew + serverLifetime),
  });
  const made = `${leaf}${authority.certificate}${privateKey}`;
  await ensurePrivateDirectory(directory);
  await replaceFile(file, made, privateMode);
  return parse(made, file);
}

/** The operator's own certificate and key. Throws CONFIG_INVALID when they cannot be read or do not match. */
export async function readServerCertificate(
  certificate: string,
  privateKey: string,
): Promise<ServerCertificate> {
  const [certificateText, keyText] = await Promise.all([
    readOperators(certificate),
    readOperators(privateKey),
  ]);
  return parseServerCertificate(
    { certificate: certificateText, privateKey: keyText },
    { certificate, privateKey },
  );
}

function parse(text: string, file: string): ServerCertificate {
  return parseServerCertificate(
    { certificate: text, privateKey: text },
    { certificate: file, privateKey: file },
  );
}

/** What is damaged is made anew, since nothing of worth is in it. */
function read(text: string, file: string): ServerCertificate | undefined {
  try {
    return parse(text, file);
  } catch {
    return undefined;
  }
}

function isGood(
  present: ServerCertificate,
  authority: Authority,
  names: readonly string[],
  now: number,
): boolean {
  const { notBefore, notAfter } = present;
  const young = now >= notBefore && now < notBefore + ((notAfter - notBefore) * 2) / 3;
  const sameNames = present.names.toSorted().join() === names.toSorted().join();
  const sameAuthority = new X509Certificate(present.certificate).verify(
    new X509Certificate(authority.certificate).publicKey,
  );
  return young && sameNames && sameAuthority && present.certificate.endsWith(authority.certificate);
}

async function readOperators(file: string): Promise<string> {
  return readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
    throw refused(`${file} cannot be read (${cause.code ?? cause.message}).`, cause);
  });
}
