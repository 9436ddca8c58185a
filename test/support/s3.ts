import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { S3Options } from "../../src/blobs/index.ts";
import { Child } from "./child.ts";
import { goTool } from "./go-tool.ts";
import { freePort } from "./ports.ts";
import type { Section } from "./server-config.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** A server of S3 over a folder, with multipart uploads, copies of parts, and signatures checked. */
const gateway = await goTool({
  module: "github.com/versity/versitygw",
  package: "github.com/versity/versitygw/cmd/versitygw",
  version: "v1.8.0",
});

/** Why there can be no S3 server here. */
export const s3Missing = gateway.missing;

export const s3Keys = { accessKeyId: "breakwater", secretAccessKey: "a-secret-of-the-tests" };

export interface S3Server extends AsyncDisposable {
  readonly host: string;
  readonly bucket: string;
  /** Options of a store in the server's bucket, at another endpoint where one stands in front. */
  options(changes?: Partial<S3Options>): S3Options;
  /** The same as harbor.yml's section `storage_service`, with further keys of it. */
  service(further?: unknown): Section;
}

/** An S3 server of one's own on loopback, with an empty bucket; over TLS where it is given files in PEM form. */
export async function startS3(tls?: {
  readonly certificate: string;
  readonly key: string;
}): Promise<S3Server> {
  await using started = new AsyncDisposableStack();
  const home = started.use(await temporaryDirectory("s3"));
  const host = `127.0.0.1:${await freePort()}`;
  const bucket = "images";
  const data = join(home.path, "data");
  const sidecar = join(home.path, "sidecar");
  // A bucket is a folder: nothing needs to be asked for it.
  await mkdir(join(data, bucket), { recursive: true });
  await mkdir(sidecar);
  const certificate = tls === undefined ? [] : ["--cert", tls.certificate, "--key", tls.key];
  const child = new Child(
    gateway.path,
    ["--port", host, ...certificate, "--quiet", "--keep-alive", "posix", "--sidecar", sidecar, data],
    {
      logFile: join(home.path, "log"),
      env: {
        ...process.env,
        ROOT_ACCESS_KEY_ID: s3Keys.accessKeyId,
        ROOT_SECRET_ACCESS_KEY: s3Keys.secretAccessKey,
      },
    },
  );
  started.defer(async () => void (await child.stop()));
  const endpoint = `${tls === undefined ? "http" : "https"}://${host}`;
  const answers = () => fetch(endpoint, { tls: { rejectUnauthorized: false } }).catch(() => null);
  while (child.running && (await answers()) === null) await Bun.sleep(20);
  const owned = started.move();
  return {
    host,
    bucket,
    options: (changes = {}) => ({ ...defaults, bucket, endpoint, ...changes }),
    service: (further = {}) => ({
      s3: {
        accesskey: s3Keys.accessKeyId,
        secretkey: s3Keys.secretAccessKey,
        region: defaults.region,
        regionendpoint: endpoint,
        bucket,
      },
      ...(further as Section),
    }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const defaults = {
  region: "us-east-1",
  forcePathStyle: true,
  credentials: s3Keys,
  rootDirectory: "",
  accelerate: false,
  dualStack: false,
  caBundle: null,
  skipVerify: false,
  chunkSize: 5 * 1024 * 1024,
  copyConcurrency: 8,
  encryption: null,
  storageClass: null,
  acl: null,
  userAgent: null,
  redirect: null,
} satisfies Partial<S3Options>;
