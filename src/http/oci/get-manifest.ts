import {
  BreakwaterError,
  isRefusal,
  parseReference,
  type Reference,
  type RepositoryName,
} from "../../kernel/index.ts";
import { type ResolvedManifest, unknownManifest } from "../../registry/index.ts";
import { requireAllowed } from "../../verdict/index.ts";
import type { Exchange } from "../exchange.ts";
import { authorize, type Grant } from "./authorize.ts";
import { apiVersion, isCurrent } from "./reply.ts";
import type { OciServices } from "./services.ts";

/** GET and HEAD `/v2/<name>/manifests/<reference>` (specification 1.1, "Pulling manifests"). */
export async function getManifest(
  exchange: Exchange,
  services: OciServices,
  name: RepositoryName,
  reference: string,
): Promise<Response> {
  const grant = await authorize(exchange, services, name, "pull");
  const found = services.registry.resolver.resolve(name, parse(name, reference));
  const manifest = found instanceof Promise ? await found : found;
  const { request } = exchange;
  if (!accepts(request.headers.get("accept"), manifest.mediaType))
    throw notAcceptable(name, reference, manifest);
  const headers = {
    ...apiVersion,
    "Content-Type": manifest.mediaType,
    "Content-Length": String(manifest.content.length),
    "Docker-Content-Digest": manifest.digest,
    ETag: `"${manifest.digest}"`,
  };
  const current = isCurrent(request, manifest.digest);
  const tag = manifest.tagId === null ? null : reference;
  // A scanner has to see what nobody else may pull, and that it looked is no sign that the image is in use.
  const scans = await grant.allows(name, "scanner-pull");
  if (request.method === "HEAD") {
    // Docker and Kubernetes' runtimes ask by HEAD what a tag means, and then pull that digest, which may be signed
    // under another tag: the pull of the tag as it is ends here. Whoever may push has to see what is there.
    if (tag !== null && !scans && !(await grant.allows(name, "push"))) {
      await requireGood(exchange, grant, services, name, tag, manifest);
    }
    return new Response(null, { status: current ? 304 : 200, headers });
  }
  if (!scans) {
    await requireGood(exchange, grant, services, name, tag, manifest);
    services.registry.pulls.count(manifest);
  }
  services.audit.gather(grant.caller, {
    operation: "pull",
    resourceType: "artifact",
    resource: tag === null ? `${name}@${manifest.digest}` : `${name}:${tag}`,
    projectId: manifest.projectId,
    detail: manifest.digest,
  });
  return current ? new Response(null, { status: 304, headers }) : new Response(manifest.content, { headers });
}

/**
 * Throws what the project's policy has against the pull, and records that it was refused. Waits for the scan that is
 * under way where the project says so.
 */
export async function requireGood(
  exchange: Exchange,
  grant: Grant,
  services: OciServices,
  name: RepositoryName,
  tag: string | null,
  manifest: ResolvedManifest,
): Promise<void> {
  const judged = services.verdicts.ofPull(name, tag, manifest);
  let verdict = judged instanceof Promise ? await judged : judged;
  if (verdict.wait > 0) {
    verdict = await services.verdicts.afterScan(name, tag, manifest, exchange.request.signal);
  }
  if (verdict.allowed) return;
  services.audit.gather(grant.caller, {
    operation: "pull",
    resourceType: "artifact",
    resource: tag === null ? `${name}@${manifest.digest}` : `${name}:${tag}`,
    projectId: manifest.projectId,
    outcome: "failure",
    detail: verdict.obstacles.map(({ message }) => message).join(" "),
  });
  requireAllowed(verdict);
}

/** What no tag can be called is not there; only who pushes is told about the grammar. */
function parse(name: RepositoryName, text: string): Reference {
  try {
    return parseReference(text);
  } catch (error) {
    throw isRefusal(error, "TAG_INVALID") ? unknownManifest(name, text) : error;
  }
}

/**
 * Content negotiation. Manifests are what they are: nothing is converted, and a client that lists other types
 * only gets a 404 with the reason, as from Docker's own registry.
 */
function accepts(accept: string | null, mediaType: string): boolean {
  if (accept === null || accept.includes(mediaType) || accept.includes("*/*")) return true;
  const ranges = accept.split(",").map((range) => range.split(";", 1)[0]?.trim() ?? "");
  return (
    ranges.includes("application/*") ||
    ranges.every((range) => !range.includes("manifest") && !range.includes("index"))
  );
}

function notAcceptable(name: string, reference: string, manifest: ResolvedManifest): BreakwaterError {
  return new BreakwaterError(
    "MANIFEST_UNKNOWN",
    `"${name}" has "${reference}" as ${manifest.mediaType}, which the client's Accept header does not list.`,
    { detail: { mediaType: manifest.mediaType, digest: manifest.digest } },
  );
}
