import { ChunkedStore } from "../chunked/chunked-store.ts";
import type { ObjectStore } from "../object-store.ts";
import type { GcsOptions } from "./options.ts";

/**
 * Google's library is loaded here, and so by those alone who keep their images in its storage. Throws CONFIG_INVALID
 * where the service account's key cannot be read.
 */
export async function openGcs(options: GcsOptions): Promise<ObjectStore> {
  const { identityFor } = await import("./identity.ts");
  const { GcsService } = await import("./gcs-service.ts");
  return new ChunkedStore(new GcsService(options, await identityFor(options.key)));
}
