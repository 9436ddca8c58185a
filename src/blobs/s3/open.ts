import { ChunkedStore } from "../chunked/chunked-store.ts";
import type { ObjectStore } from "../object-store.ts";
import type { S3Options } from "./options.ts";

/** The client library is loaded here, and so by those alone who keep their images in S3. */
export async function openS3(options: S3Options): Promise<ObjectStore> {
  const { S3Service } = await import("./s3-service.ts");
  return new ChunkedStore(new S3Service(options));
}
