import { parseReference, type RepositoryName } from "../../kernel/index.ts";
import type { Exchange } from "../exchange.ts";
import { authorize } from "./authorize.ts";
import { apiVersion } from "./reply.ts";
import type { OciServices } from "./services.ts";

/** DELETE `/v2/<name>/manifests/<reference>` (specification 1.1, "Deleting tags", "Deleting manifests"). */
export async function deleteManifest(
  exchange: Exchange,
  services: OciServices,
  name: RepositoryName,
  text: string,
): Promise<Response> {
  const grant = await authorize(exchange, services, name, "delete");
  const { manifests, tags } = services.registry;
  const reference = parseReference(text);
  if (reference.kind === "tag") await tags.delete(grant.caller, name, reference.tag);
  else await manifests.delete(grant.caller, name, reference.digest);
  return new Response(null, { status: 202, headers: apiVersion });
}
