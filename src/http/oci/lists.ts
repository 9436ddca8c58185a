import { BreakwaterError, mediaTypes, parseDigest, type RepositoryName } from "../../kernel/index.ts";
import type { Exchange } from "../exchange.ts";
import { authorize, identify } from "./authorize.ts";
import { json, nextLink, pageOf } from "./reply.ts";
import type { OciServices } from "./services.ts";

/** Referrers in one answer; a list of that length stays below the size that clients take. */
const referrersPerPage = 1_000;

/** GET `/v2/<name>/tags/list` (specification 1.1, "Listing tags"). */
export async function listTags(
  exchange: Exchange,
  services: OciServices,
  name: RepositoryName,
): Promise<Response> {
  await authorize(exchange, services, name, "pull");
  const { limit, last } = pageOf(exchange.query);
  const { names, more } = await services.registry.tags.list(name, limit, last);
  const next =
    more && names.length > 0 ? nextLink(exchange.path, { n: limit, last: names.at(-1) ?? "" }) : {};
  return json({ name, tags: names }, next);
}

/** GET `/v2/<name>/referrers/<digest>` (specification 1.1, "Listing referrers"). */
export async function listReferrers(
  exchange: Exchange,
  services: OciServices,
  name: RepositoryName,
  text: string,
): Promise<Response> {
  await authorize(exchange, services, name, "pull");
  const { query } = exchange;
  const artifactType = query.get("artifactType") || null;
  const after = /^\d{1,15}$/.test(query.get("after") ?? "") ? Number(query.get("after")) : 0;
  const { descriptors, next } = await services.registry.referrers.list(
    name,
    parseDigest(text),
    artifactType,
    after,
    referrersPerPage,
  );
  return json(
    { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: descriptors },
    {
      ...(artifactType === null ? {} : { "OCI-Filters-Applied": "artifactType" }),
      ...(next === null
        ? {}
        : nextLink(exchange.path, { ...(artifactType === null ? {} : { artifactType }), after: next })),
    },
    mediaTypes.ociIndex,
  );
}

/** GET `/v2/_catalog` (Docker's registry API v2, "Catalog"): the repositories that the caller may know of. */
export async function listCatalog(exchange: Exchange, services: OciServices): Promise<Response> {
  const grant = await identify(exchange, services);
  const principal = grant.expired ? null : await grant.principal();
  if (principal === null || principal.kind === "anonymous") {
    throw new BreakwaterError("UNAUTHORIZED", "Log in to list the repositories.");
  }
  const { limit, last } = pageOf(exchange.query);
  const { names, more } = await services.registry.catalog.list(principal, limit, last);
  const next =
    more && names.length > 0 ? nextLink(exchange.path, { n: limit, last: names.at(-1) ?? "" }) : {};
  return json({ repositories: names }, next);
}
