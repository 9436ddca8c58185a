import {
  CopyObjectCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { copyLimitFor, expectGiven, limitFor } from "../chunked/attempts.ts";
import type { ObjectInfo } from "../object-store.ts";
import type { Bucket } from "./bucket.ts";
import { objectSettings } from "./client.ts";
import { isMissing, unavailable } from "./errors.ts";
import { payload } from "./payload.ts";

/** What is asked of single objects. Each throws UNAVAILABLE when the service fails, STORAGE_FULL where it is full. */

export async function putObject(
  bucket: Bucket,
  key: string,
  content: Uint8Array,
  patience?: number,
): Promise<void> {
  const object = { ...bucket.object(key), ...objectSettings(bucket.options) };
  await bucket
    .attempt(
      async (signal) => {
        const { ETag } = await bucket.client.send(
          new PutObjectCommand({ ...object, ...payload(content) }),
          signal,
        );
        expectGiven(ETag);
      },
      limitFor(content.length),
      patience,
    )
    .catch(refuse);
}

export async function statObject(bucket: Bucket, key: string): Promise<ObjectInfo | null> {
  try {
    const { ContentLength = 0, LastModified } = await bucket.attempt(async (signal) => {
      const head = await bucket.client.send(new HeadObjectCommand(bucket.object(key)), signal);
      expectGiven(head.ETag);
      return head;
    });
    return { key, size: ContentLength, modifiedAt: LastModified?.getTime() ?? 0 };
  } catch (error) {
    if (isMissing(error)) return null;
    throw unavailable(error);
  }
}

export async function removeObject(bucket: Bucket, key: string, time?: number): Promise<void> {
  await bucket
    .attemptWithin(time, (signal) => bucket.client.send(new DeleteObjectCommand(bucket.object(key)), signal))
    .catch((error) => {
      if (!isMissing(error)) refuse(error);
    });
}

/** On the server; for objects of up to 5 GiB. `size`: bytes. */
export async function copyObject(bucket: Bucket, from: string, to: string, size: number): Promise<void> {
  const input = {
    ...bucket.object(to),
    ...objectSettings(bucket.options),
    CopySource: copySource(bucket, from),
  };
  await bucket
    .attempt(async (signal) => {
      const { CopyObjectResult } = await bucket.client.send(new CopyObjectCommand(input), signal);
      expectGiven(CopyObjectResult?.ETag);
    }, copyLimitFor(size))
    .catch(refuse);
}

export function copySource(bucket: Bucket, key: string): string {
  return `${bucket.name}/${bucket.path(key).split("/").map(encodeURIComponent).join("/")}`;
}

function refuse(error: unknown): never {
  throw unavailable(error);
}
