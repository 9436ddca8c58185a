import { BreakwaterError, type Digest, isDigest, isRepositoryName } from "../../../../kernel/index.ts";

/** Where an artifact lies: `oci://registry.example.com/feeds/go:latest`, or `@sha256:…` in the tag's place. */
export interface OciReference {
  /** With `http:` for `oci+http://`. */
  readonly origin: string;
  readonly repository: string;
  readonly tag: string;
  readonly digest: Digest | null;
}

const pattern =
  /^oci(?<plain>\+http)?:\/\/(?<host>[^/@\s]+)\/(?<repository>[^:@\s]+)(?::(?<tag>\w[\w.-]{0,127}))?(?:@(?<digest>\S+))?$/;

/** Throws BAD_REQUEST. */
export function parseOciReference(text: string): OciReference {
  const groups = pattern.exec(text)?.groups;
  const { plain, host = "", repository = "", tag, digest } = groups ?? {};
  const origin = `${plain === undefined ? "https" : "http"}://${host}`;
  const isReference = isRepositoryName(repository) && (digest === undefined || isDigest(digest));
  if (!isReference || !URL.canParse(origin)) {
    throw new BreakwaterError(
      "BAD_REQUEST",
      `"${text}" names no artifact: expected oci://HOST/REPOSITORY:TAG, or oci+http:// where nothing is encrypted.`,
    );
  }
  return { origin, repository, tag: tag ?? "latest", digest: digest ?? null };
}
