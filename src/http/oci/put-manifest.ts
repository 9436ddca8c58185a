import { BreakwaterError, isTag, parseReference, type RepositoryName } from "../../kernel/index.ts";
import { maxManifestSize, tooLarge } from "../../registry/index.ts";
import type { Exchange } from "../exchange.ts";
import { authorize } from "./authorize.ts";
import { apiVersion } from "./reply.ts";
import type { OciServices } from "./services.ts";

/** Specification, "Pushing manifests": at least ten tags in one request. */
const maxTags = 100;

/** PUT `/v2/<name>/manifests/<reference>` (specification 1.1, "Pushing manifests"; `tag` parameters of its draft). */
export async function putManifest(
  exchange: Exchange,
  services: OciServices,
  name: RepositoryName,
  text: string,
): Promise<Response> {
  const grant = await authorize(exchange, services, name, "push");
  const reference = parseReference(text);
  const tags = reference.kind === "tag" ? [reference.tag] : tagsOf(exchange.query);
  const content = await readBounded(exchange.request, maxManifestSize);
  const stored = await services.registry.manifests.put(grant.caller, name, {
    content,
    contentType: exchange.request.headers.get("content-type") ?? "",
    digest: reference.kind === "digest" ? reference.digest : null,
    tags,
  });
  const headers = new Headers({
    ...apiVersion,
    Location: `/v2/${name}/manifests/${stored.digest}`,
    "Docker-Content-Digest": stored.digest,
  });
  if (stored.subject !== null) headers.set("OCI-Subject", stored.subject);
  if (reference.kind === "digest" && tags.length > 0) headers.set("OCI-Tag", tags.join(", "));
  return new Response(null, { status: 201, headers });
}

function tagsOf(query: URLSearchParams): string[] {
  const tags = [...new Set(query.getAll("tag"))];
  const wrong = tags.find((tag) => !isTag(tag));
  if (wrong !== undefined) parseReference(wrong);
  if (tags.length > maxTags || wrong !== undefined) {
    throw new BreakwaterError("TAG_INVALID", `A push may set up to ${maxTags} tags, each a valid one.`);
  }
  return tags;
}

/** The request's body, whole. Throws MANIFEST_TOO_LARGE without reading on, and SIZE_INVALID when it breaks off. */
async function readBounded(request: Request, limit: number): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length") ?? 0) > limit) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of request.body ?? []) {
      size += chunk.length;
      if (size > limit) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof BreakwaterError) throw error;
    throw new BreakwaterError("SIZE_INVALID", "The connection ended within the manifest. Push it again.", {
      cause: error,
    });
  }
  return Buffer.concat(chunks);
}
