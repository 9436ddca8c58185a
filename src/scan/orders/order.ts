import { z } from "zod";
import { BreakwaterError, isDigest, isRepositoryName } from "../../kernel/index.ts";
import { sbomMediaTypes } from "../sbom/format.ts";
import { scannerTypes } from "../scanners/index.ts";

const text = (length: number) => z.string().min(1).max(length);
const mediaTypes = z.array(z.string().max(256)).max(32).nullish();

/** What another registry asks for (specification 1.2, `ScanRequest`). */
const scanRequest = z.object({
  registry: z.object({ url: text(2048), authorization: z.string().max(16_384).nullish() }),
  artifact: z.object({
    // It becomes a part of the paths that the other registry is asked for.
    repository: z.string().refine(isRepositoryName, "is no repository's name"),
    digest: z
      .string()
      .refine((value) => value.startsWith("sha256:") && isDigest(value), "is no sha256 digest"),
  }),
  enabled_capabilities: z
    .array(z.object({ type: z.string().max(64), produces_mime_types: mediaTypes }))
    .max(8)
    .nullish(),
});

/** An image in another registry, and how to get it. */
export interface Order {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly repository: string;
  readonly digest: string;
  /** The value of an Authorization header; null for none. */
  readonly authorization: string | null;
}

/** The order in a request's body. Throws BAD_REQUEST; FORBIDDEN for a registry that is not among `registries`. */
export function readOrder(body: unknown, registries: readonly string[]): Order {
  const result = scanRequest.safeParse(body);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new BreakwaterError("BAD_REQUEST", `${issue?.path.join(".")}: ${issue?.message}.`);
  }
  const { registry, artifact, enabled_capabilities: capabilities } = result.data;
  for (const { type } of capabilities ?? []) {
    if (type !== "vulnerability" && type !== "sbom") {
      throw new BreakwaterError("BAD_REQUEST", `This scanner has no capability "${type}".`);
    }
  }
  const url = URL.parse(registry.url.includes("://") ? registry.url : `https://${registry.url}`);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new BreakwaterError("BAD_REQUEST", "registry.url is no http:// or https:// address.");
  }
  requireRegistry(url, registries);
  const { repository, digest } = artifact;
  return { origin: url.origin, repository, digest, authorization: registry.authorization || null };
}

/** Throws FORBIDDEN unless the URL's host is one of those that images may be pulled from. */
export function requireRegistry(url: URL, registries: readonly string[]): void {
  if (registries.includes(url.host) || registries.includes(authorityOf(url))) return;
  throw new BreakwaterError(
    "FORBIDDEN",
    `This scanner pulls from no registry at ${authorityOf(url)}. Name it in "breakwater.scan.adapter.registries".`,
  );
}

/** With the port also where it is the scheme's own: some clients always write it. */
function authorityOf({ host, port, protocol }: URL): string {
  return port === "" ? `${host}:${protocol === "https:" ? 443 : 80}` : host;
}

/** What a report can be had as; null for what is none. */
export type ReportForm =
  | { readonly kind: "vulnerability"; readonly mediaType: string }
  | { readonly kind: "sbom"; readonly format: "spdx" | "cyclonedx"; readonly mediaType: string };

export function reportForm(accept: string, sbomMediaType: string | null): ReportForm | null {
  const wanted = plain(accept);
  for (const mediaType of [scannerTypes.genericReport, scannerTypes.nativeReport]) {
    if (plain(mediaType) === wanted) return { kind: "vulnerability", mediaType };
  }
  if (plain(scannerTypes.sbomReport) !== wanted) return null;
  const format = sbomMediaType === sbomMediaTypes.cyclonedx ? "cyclonedx" : "spdx";
  return { kind: "sbom", format, mediaType: scannerTypes.sbomReport };
}

function plain(mediaType: string): string {
  return mediaType.toLowerCase().replace(/\s/g, "");
}
