import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { expectGiven } from "../chunked/attempts.ts";
import type { ObjectInfo } from "../object-store.ts";
import type { Bucket } from "./bucket.ts";
import { unavailable } from "./errors.ts";

/** Everything below `folder` in the bucket, in the order of the keys. */
export async function* listObjects(bucket: Bucket, folder: string): AsyncGenerator<ObjectInfo> {
  let next: string | undefined;
  do {
    const page = await listPage(bucket, folder, next);
    for (const { Key, Size = 0, LastModified } of page.Contents ?? []) {
      // Tools that show buckets as folders leave empty objects in the folders' place.
      if (Key === undefined || Key.endsWith("/")) continue;
      yield { key: bucket.keyOf(Key), size: Size, modifiedAt: LastModified?.getTime() ?? 0 };
    }
    next = page.NextContinuationToken;
  } while (next !== undefined);
}

async function listPage(bucket: Bucket, folder: string, token: string | undefined) {
  const input = {
    Bucket: bucket.name,
    Prefix: bucket.path(`${folder}/`),
    ...(token === undefined ? {} : { ContinuationToken: token }),
  };
  try {
    return await bucket.attempt(async (signal) => {
      const page = await bucket.client.send(new ListObjectsV2Command(input), signal);
      expectGiven(page.Name);
      return page;
    });
  } catch (error) {
    throw unavailable(error);
  }
}
