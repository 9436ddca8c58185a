import { ChunkedStore } from "../chunked/chunked-store.ts";
import type { ObjectStore } from "../object-store.ts";
import type { AzureOptions } from "./options.ts";

/** The client library is loaded here, and so by those alone who keep their images in Azure. */
export async function openAzure(options: AzureOptions): Promise<ObjectStore> {
  const { AzureService } = await import("./azure-service.ts");
  return new ChunkedStore(new AzureService(options));
}
