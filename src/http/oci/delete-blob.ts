import { parseDigest, type RepositoryName } from "../../kernel/index.ts";
import type { Exchange } from "../exchange.ts";
import { authorize } from "./authorize.ts";
import { apiVersion } from "./reply.ts";
import type { OciServices } from "./services.ts";

/** DELETE `/v2/<name>/blobs/<digest>` (specification 1.1, "Deleting blobs"). */
export async function deleteBlob(
  exchange: Exchange,
  services: OciServices,
  name: RepositoryName,
  text: string,
): Promise<Response> {
  const grant = await authorize(exchange, services, name, "delete");
  await services.registry.blobs.delete(grant.caller, name, parseDigest(text));
  return new Response(null, { status: 202, headers: apiVersion });
}
