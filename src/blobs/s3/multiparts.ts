import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  type MultipartUpload,
} from "@aws-sdk/client-s3";
import { inParallel } from "../turns.ts";
import type { Bucket } from "./bucket.ts";
import { isUnsupported, unavailable } from "./errors.ts";

const atOnce = 16;

/**
 * Ends the multipart uploads that were begun before that time and whose keys `concerns` names. What their parts
 * take is paid for, and no list of objects shows it.
 */
export async function abortMultiparts(
  bucket: Bucket,
  before: number,
  concerns: (key: string) => boolean,
): Promise<void> {
  const abandoned: MultipartUpload[] = [];
  for await (const upload of listMultiparts(bucket)) {
    const { Key = "", Initiated } = upload;
    if (Initiated !== undefined && Initiated.getTime() < before && concerns(bucket.keyOf(Key))) {
      abandoned.push(upload);
    }
  }
  await inParallel(abandoned, atOnce, async ({ Key, UploadId }) => {
    const input = { Bucket: bucket.name, Key, UploadId };
    await bucket
      .attempt((signal) => bucket.client.send(new AbortMultipartUploadCommand(input), signal))
      .catch((error) => {
        if ((error as Error).name !== "NoSuchUpload") throw unavailable(error);
      });
  });
}

async function* listMultiparts(bucket: Bucket): AsyncGenerator<MultipartUpload> {
  let markers: { KeyMarker?: string; UploadIdMarker?: string } | null = {};
  while (markers !== null) {
    const page = await listPage(bucket, markers);
    yield* page?.Uploads ?? [];
    const {
      IsTruncated = false,
      NextKeyMarker,
      NextUploadIdMarker,
    }: Partial<ListMultipartUploadsCommandOutput> = page ?? {};
    markers = IsTruncated
      ? {
          ...(NextKeyMarker === undefined ? {} : { KeyMarker: NextKeyMarker }),
          ...(NextUploadIdMarker === undefined ? {} : { UploadIdMarker: NextUploadIdMarker }),
        }
      : null;
  }
}

/** Null where the service keeps no such list; then it has a rule of its own to set up. */
async function listPage(bucket: Bucket, markers: object): Promise<ListMultipartUploadsCommandOutput | null> {
  const input = { Bucket: bucket.name, Prefix: bucket.path(""), ...markers };
  try {
    return await bucket.attempt((signal) =>
      bucket.client.send(new ListMultipartUploadsCommand(input), signal),
    );
  } catch (error) {
    if (isUnsupported(error)) return null;
    throw unavailable(error);
  }
}
