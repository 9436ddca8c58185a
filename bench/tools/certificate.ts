import { join } from "node:path";
import { output } from "./process.ts";

export interface Certificate {
  /** Paths of the PEM files. The certificate is its own authority. */
  readonly certificate: string;
  readonly key: string;
  readonly pem: string;
}

/** One certificate for both sides: a different kind of key would make the handshakes differ. */
export async function makeCertificate(folder: string): Promise<Certificate> {
  const certificate = join(folder, "bench.crt");
  const key = join(folder, "bench.key");
  await output([
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...[
      "-days",
      "2",
      "-subj",
      "/CN=breakwater bench",
      "-addext",
      "subjectAltName=IP:127.0.0.1,DNS:localhost",
    ],
    ...["-keyout", key, "-out", certificate],
  ]);
  return { certificate, key, pem: await Bun.file(certificate).text() };
}
