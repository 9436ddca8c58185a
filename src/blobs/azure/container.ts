import { Agent } from "node:http";
import { Agent as TlsAgent } from "node:https";
import {
  BlobSASPermissions,
  BlobServiceClient,
  type BlockBlobClient,
  type ContainerClient,
  newPipeline,
  SASProtocol,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import { Attempts } from "../chunked/attempts.ts";
import { redirectHeaders } from "../chunked/redirect-rule.ts";
import { trustOf } from "../chunked/trust.ts";
import { isTransient, unavailable } from "./errors.ts";
import type { AzureOptions } from "./options.ts";

/** A container, its client, and the one way in which requests to it are limited, repeated and refused. */
export class Container {
  readonly options: AzureOptions;
  readonly attempts: Attempts;
  readonly client: ContainerClient;
  readonly #prefix: string;

  constructor(options: AzureOptions) {
    this.options = options;
    this.attempts = new Attempts({ patience: options.patience, isTransient, unavailable });
    this.client = createClient(options).getContainerClient(options.container);
    this.#prefix = options.rootDirectory === "" ? "" : `${options.rootDirectory}/`;
  }

  /** A key of the store's as it is in the container. */
  path(key: string): string {
    return this.#prefix + key;
  }

  /** And back. */
  keyOf(path: string): string {
    return path.slice(this.#prefix.length);
  }

  blob(key: string): BlockBlobClient {
    return this.client.getBlockBlobClient(this.path(key));
  }

  /** A URL by which whoever has it may read the blob for so many seconds. */
  signedUrl(key: string, lifetime: number): Promise<string> {
    return this.blob(key).generateSasUrl({
      permissions: BlobSASPermissions.from({ read: true }),
      expiresOn: new Date(Date.now() + lifetime * 1000),
      protocol: this.options.endpoint.startsWith("https:") ? SASProtocol.Https : SASProtocol.HttpsAndHttp,
      ...redirectHeaders,
    });
  }
}

/** It tries nothing again: `Attempts` does, with a limit in time instead of in attempts. */
function createClient(options: AzureOptions): BlobServiceClient {
  const credential = new StorageSharedKeyCredential(options.account, options.accountKey);
  const agent = options.endpoint.startsWith("https:")
    ? new TlsAgent({ keepAlive: true, ...trustOf({ ...options, skipVerify: false }) })
    : new Agent({ keepAlive: true });
  const pipeline = newPipeline(credential, { retryOptions: { maxTries: 1 } });
  pipeline.factories.push({
    create: (next) => ({
      sendRequest(request) {
        request.agent = agent;
        return next.sendRequest(request);
      },
    }),
  });
  return new BlobServiceClient(options.endpoint, pipeline);
}
