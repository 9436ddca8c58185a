import {
  BreakwaterError,
  type Digest,
  isDigestAlgorithm,
  isRefusal,
  parseDigest,
  type RepositoryName,
} from "../../kernel/index.ts";
import type { ChunkRange, Upload } from "../../registry/index.ts";
import type { Exchange } from "../exchange.ts";
import { authorize, type Grant, identify, lacking } from "./authorize.ts";
import { mount } from "./mount.ts";
import { apiVersion } from "./reply.ts";
import type { OciServices } from "./services.ts";

/**
 * POST `/v2/<name>/blobs/uploads/` (specification 1.1, "Pushing blobs"): begins an upload, mounts a blob from
 * another repository, or takes the whole blob at once.
 */
export async function beginUpload(
  exchange: Exchange,
  services: OciServices,
  name: RepositoryName,
): Promise<Response> {
  const grant = await authorize(exchange, services, name, "push");
  const { query, request } = exchange;
  const wanted = query.get("mount");
  if (wanted !== null) {
    const mounted = await mount(grant, services, name, parseDigest(wanted), query.get("from"));
    if (mounted) return created(name, parseDigest(wanted));
  }
  const algorithm = query.get("digest-algorithm");
  if (algorithm !== null && !isDigestAlgorithm(algorithm)) {
    throw new BreakwaterError(
      "DIGEST_INVALID",
      "The registry knows the digest algorithms sha256 and sha512.",
    );
  }
  const whole = query.get("digest");
  const digest = whole === null ? null : parseDigest(whole);
  const { uploads } = services.registry;
  if (digest === null) return accepted(await uploads.begin(name, grant.subject, algorithm ?? undefined));
  exchange.disableTimeout();
  await uploads.takeWhole(name, grant.subject, request.body, lengthOf(request, 0), digest);
  return created(name, digest);
}

/** PATCH `…/blobs/uploads/<id>`: the next bytes, as a stream or as a chunk with its `Content-Range`. */
export async function appendToUpload(
  exchange: Exchange,
  services: OciServices,
  name: RepositoryName,
  id: string,
): Promise<Response> {
  const upload = await ownUpload(exchange, services, name, id);
  const range = parseContentRange(exchange.request, upload);
  const body = exchange.request.body ?? (async function* () {})();
  return accepted(await services.registry.uploads.append(upload, body, range));
}

/** PUT `…/blobs/uploads/<id>?digest=`: the last bytes, if any, and the digest of the whole. */
export async function finishUpload(
  exchange: Exchange,
  services: OciServices,
  name: RepositoryName,
  id: string,
): Promise<Response> {
  const grant = await pushGrant(exchange, services, name);
  const digest = parseDigest(exchange.query.get("digest") ?? "");
  const { blobs, uploads } = services.registry;
  try {
    const upload = await uploadFor(grant, services, name, id);
    exchange.disableTimeout();
    const { request } = exchange;
    await uploads.finish(upload, request.body, parseContentRange(request, upload), digest);
  } catch (error) {
    if (!isRefusal(error, "BLOB_UPLOAD_UNKNOWN") || grant.expired) throw error;
    // A balancer sends the request once more when the copy that had carried it out died before it answered: the blob
    // is there then, and from now on as good as just pushed.
    if (!(await blobs.mount(name, name, digest))) throw error;
  }
  return created(name, digest);
}

/** GET `…/blobs/uploads/<id>`: how far the upload is. */
export async function getUpload(
  exchange: Exchange,
  services: OciServices,
  name: RepositoryName,
  id: string,
): Promise<Response> {
  return accepted(await ownUpload(exchange, services, name, id), 204);
}

/** DELETE `…/blobs/uploads/<id>`: gives the upload up. */
export async function cancelUpload(
  exchange: Exchange,
  services: OciServices,
  name: RepositoryName,
  id: string,
): Promise<Response> {
  await services.registry.uploads.cancel(await ownUpload(exchange, services, name, id));
  return new Response(null, { status: 204, headers: apiVersion });
}

async function ownUpload(
  exchange: Exchange,
  services: OciServices,
  name: RepositoryName,
  id: string,
): Promise<Upload> {
  return uploadFor(await pushGrant(exchange, services, name), services, name, id);
}

/** Of who may push to the repository, be it with a token that has expired. */
async function pushGrant(exchange: Exchange, services: OciServices, name: RepositoryName): Promise<Grant> {
  const grant = await identify(exchange, services);
  if (!(await grant.allows(name, "push"))) throw lacking(grant, name, "push");
  return grant;
}

/**
 * The upload, when the request may go on with it: who began it may do so for the upload's life, also with the
 * token that it was begun with after that has expired; anybody else who may push to the repository, too.
 */
async function uploadFor(
  grant: Grant,
  services: OciServices,
  name: RepositoryName,
  id: string,
): Promise<Upload> {
  const upload = await services.registry.uploads.get(name, id);
  if (grant.expired && grant.subject !== upload.subject) {
    throw new BreakwaterError("UNAUTHORIZED", "The token has expired; ask for a new one.");
  }
  return upload;
}

/** `Content-Range: <first>-<last>` as the specification has it, or with the unit as RFC 9110 has it. */
function parseContentRange(request: Request, { offset }: Upload): ChunkRange | null {
  const header = request.headers.get("content-range");
  if (header === null) return null;
  const match = /^(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:\/(?:\d+|\*))?$/.exec(header.trim());
  const start = Number(match?.[1]);
  const length = Number(match?.[2]) - start + 1;
  const declared = request.headers.get("content-length");
  if (match === null || length < 0 || (declared !== null && Number(declared) !== length)) {
    throw new BreakwaterError(
      "RANGE_INVALID",
      `The Content-Range "${header.slice(0, 80)}" does not fit: expected <first byte>-<last byte>, as many as the body has.`,
      { detail: { offset } },
    );
  }
  return { start, length };
}

function lengthOf(request: Request, start: number): ChunkRange | null {
  const declared = request.headers.get("content-length");
  return declared === null ? null : { start, length: Number(declared) };
}

function accepted(upload: Upload, status = 202): Response {
  return new Response(null, {
    status,
    headers: { ...apiVersion, ...uploadHeaders(upload.repository.name, upload.id, upload.offset) },
  });
}

export function uploadHeaders(name: string, id: string, offset: number): Record<string, string> {
  return {
    Location: `/v2/${name}/blobs/uploads/${id}`,
    Range: `0-${Math.max(0, offset - 1)}`,
    "Docker-Upload-UUID": id,
  };
}

function created(name: RepositoryName, digest: Digest): Response {
  return new Response(null, {
    status: 201,
    headers: { ...apiVersion, Location: `/v2/${name}/blobs/${digest}`, "Docker-Content-Digest": digest },
  });
}
