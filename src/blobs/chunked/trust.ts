import { readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";

/** For an agent: which certificates of the service's are taken. `caBundle` is a file in PEM form. */
export function trustOf(options: { readonly caBundle: string | null; readonly skipVerify: boolean }): {
  readonly rejectUnauthorized: boolean;
  readonly ca?: string[];
} {
  const { caBundle, skipVerify } = options;
  return {
    rejectUnauthorized: !skipVerify,
    ...(caBundle === null ? {} : { ca: [...rootCertificates, readFileSync(caBundle, "utf8")] }),
  };
}
