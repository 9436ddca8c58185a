import { Agent } from "node:http";
import { Agent as TlsAgent } from "node:https";
import { type ObjectCannedACL, S3Client, type StorageClass } from "@aws-sdk/client-s3";
import { trustOf } from "../chunked/trust.ts";
import type { S3Options } from "./options.ts";
import { signPayloads } from "./payload.ts";

/** Milliseconds to a connection, name look-up and TLS included. */
const connectionLimit = 5_000;

/**
 * A client for the bucket's service that uses at most so many connections. It tries nothing again: `Bucket`
 * does, with a limit in time instead of in attempts.
 */
export function createClient(options: S3Options, connections: number, endpoint = options.endpoint): S3Client {
  const pool = { keepAlive: true, maxSockets: connections };
  const trust = trustOf(options);
  const client = new S3Client({
    region: options.region,
    forcePathStyle: options.forcePathStyle,
    useAccelerateEndpoint: options.accelerate,
    useDualstackEndpoint: options.dualStack,
    maxAttempts: 1,
    // Bodies are signed with their SHA-256, which every service checks; the newer checksums many do not know.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    // A refusal costs a part sent in vain; asking first costs every part a way there and back.
    expectContinueHeader: false,
    requestHandler: {
      httpAgent: new Agent(pool),
      httpsAgent: new TlsAgent({ ...pool, ...trust }),
      connectionTimeout: connectionLimit,
    },
    logger: silent,
    ...(endpoint === null ? {} : { endpoint }),
    // The library notes things down in the object that it is given.
    ...(options.credentials === null ? {} : { credentials: { ...options.credentials } }),
    ...(options.userAgent === null ? {} : { customUserAgent: options.userAgent }),
  });
  return signPayloads(client);
}

/** What an object is stored with, at its upload and at its copy alike. */
export function objectSettings({ encryption, storageClass, acl }: S3Options) {
  return {
    ContentType: "application/octet-stream",
    ...(encryption !== null && encryption.kmsKey === null ? { ServerSideEncryption: "AES256" as const } : {}),
    ...(encryption !== null && encryption.kmsKey !== null
      ? { ServerSideEncryption: "aws:kms" as const, SSEKMSKeyId: encryption.kmsKey }
      : {}),
    ...(storageClass === null ? {} : { StorageClass: storageClass as StorageClass }),
    ...(acl === null ? {} : { ACL: acl as ObjectCannedACL }),
  };
}

/** The library would write to the console, past the log. What fails comes as an error anyway. */
const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };
