import { BreakwaterError, parseRepositoryName, type RepositoryName } from "../../kernel/index.ts";
import { asRefusal, toResponse } from "../errors.ts";
import type { Exchange } from "../exchange.ts";
import { challenge, identify } from "./authorize.ts";
import { deleteBlob } from "./delete-blob.ts";
import { deleteManifest } from "./delete-manifest.ts";
import { getBlob } from "./get-blob.ts";
import { getManifest } from "./get-manifest.ts";
import { listCatalog, listReferrers, listTags } from "./lists.ts";
import { putManifest } from "./put-manifest.ts";
import { apiVersion, json } from "./reply.ts";
import type { OciServices } from "./services.ts";
import {
  appendToUpload,
  beginUpload,
  cancelUpload,
  finishUpload,
  getUpload,
  uploadHeaders,
} from "./uploads.ts";

/** A part of the registry's API. The names are also those of the metrics. */
export type OciRoute = "base" | "catalog" | "manifest" | "blob" | "uploads" | "upload" | "tags" | "referrers";

type Handler = (
  exchange: Exchange,
  services: OciServices,
  name: RepositoryName,
  last: string,
) => Promise<Response>;

/** What each method does in each part of the API below a repository (specification 1.1, "Endpoints"). */
const handlers: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
  manifest: { GET: getManifest, HEAD: getManifest, PUT: putManifest, DELETE: deleteManifest },
  blob: { GET: getBlob, HEAD: getBlob, DELETE: deleteBlob },
  uploads: { POST: beginUpload },
  upload: { GET: getUpload, PATCH: appendToUpload, PUT: finishUpload, DELETE: cancelUpload },
  tags: { GET: listTags },
  referrers: { GET: listReferrers },
};

interface Target {
  readonly route: OciRoute;
  readonly name: string;
  /** What stands behind the route's own words: a reference, a digest, an upload's id. */
  readonly last: string;
}

/** Names hold slashes, so paths are read from their end. Null when the path is not the registry's. */
export function parsePath(path: string): Target | null {
  if (path === "/v2/" || path === "/v2") return { route: "base", name: "", last: "" };
  if (path === "/v2/_catalog") return { route: "catalog", name: "", last: "" };
  if (path.endsWith("/tags/list")) return { route: "tags", name: path.slice(4, -10), last: "" };
  const cut = path.lastIndexOf("/");
  const last = decode(path.slice(cut + 1));
  const before = path.slice(0, cut);
  if (before.endsWith("/manifests")) return { route: "manifest", name: before.slice(4, -10), last };
  if (before.endsWith("/blobs/uploads")) {
    return { route: last === "" ? "uploads" : "upload", name: before.slice(4, -14), last };
  }
  if (before.endsWith("/blobs")) {
    return { route: last === "uploads" ? "uploads" : "blob", name: before.slice(4, -6), last };
  }
  if (before.endsWith("/referrers")) return { route: "referrers", name: before.slice(4, -10), last };
  return null;
}

/** Clients may write a digest's colon as `%3A`. Names stay as they are: no valid one has anything to decode. */
function decode(segment: string): string {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Answers a request below `/v2/`. Refusals become answers here, with the headers that clients need to go on. */
export async function handleOci(
  exchange: Exchange,
  services: OciServices,
  target: Target | null,
  onRefusal: (refusal: BreakwaterError) => void,
): Promise<Response> {
  try {
    return await dispatch(exchange, services, target);
  } catch (error) {
    const refusal = asRefusal(error);
    onRefusal(refusal);
    const headers: Record<string, string> = { ...apiVersion };
    if (refusal.code === "UNAUTHORIZED") {
      headers["WWW-Authenticate"] = challenge(exchange, services, scopeOf(exchange.request.method, target));
    }
    if (refusal.code === "UNSUPPORTED" && target !== null) headers.Allow = allowed(target).join(", ");
    if (refusal.code === "RANGE_INVALID") {
      const { offset = 0, size } = (refusal.detail ?? {}) as { offset?: number; size?: number };
      if (target?.route === "upload") Object.assign(headers, uploadHeaders(target.name, target.last, offset));
      // RFC 9110, section 15.5.17
      else if (size !== undefined) headers["Content-Range"] = `bytes */${size}`;
    }
    return toResponse(refusal, exchange.requestId, headers);
  }
}

async function dispatch(exchange: Exchange, services: OciServices, target: Target | null): Promise<Response> {
  const { method } = exchange.request;
  if (target === null) {
    throw new BreakwaterError("NOT_FOUND", "The registry's API has no such path.");
  }
  if (target.route === "base" || target.route === "catalog") {
    if (method !== "GET" && method !== "HEAD") throw unsupported(method);
    if (target.route === "catalog") return listCatalog(exchange, services);
    const grant = await identify(exchange, services);
    if (grant.expired) throw new BreakwaterError("UNAUTHORIZED", "The token has expired; ask for a new one.");
    return json({});
  }
  const handler = handlers[target.route]?.[method];
  if (handler === undefined) throw unsupported(method);
  return handler(exchange, services, parseRepositoryName(target.name), target.last);
}

function allowed({ route }: Target): readonly string[] {
  return route === "base" || route === "catalog" ? ["GET", "HEAD"] : Object.keys(handlers[route] ?? {});
}

function unsupported(method: string): BreakwaterError {
  return new BreakwaterError("UNSUPPORTED", `The method ${method.slice(0, 20)} does nothing here.`);
}

/** What a client should ask the token service for, to do what it has just been refused. */
function scopeOf(method: string, target: Target | null): string | null {
  if (target?.route === "catalog") return "registry:catalog:*";
  // Only a name that is one: the header is text between quotation marks.
  if (target === null || !/^[a-z0-9._/-]+$/.test(target.name)) return null;
  const actions =
    method === "GET" || method === "HEAD" ? "pull" : method === "DELETE" ? "delete" : "pull,push";
  return `repository:${target.name}:${target.route === "upload" ? "pull,push" : actions}`;
}
