import { join } from "node:path";
import { BlobServiceClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import type { AzureOptions } from "../../src/blobs/index.ts";
import { Child } from "./child.ts";
import { freePort } from "./ports.ts";
import type { Section } from "./server-config.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const account = "breakwater";
const accountKey = btoa("a-key-of-the-tests");
const azurite = Bun.fileURLToPath(
  new URL("../../node_modules/azurite/dist/src/blob/main.js", import.meta.url),
);

export interface AzureServer extends AsyncDisposable {
  /** The blob service's address on loopback. */
  readonly host: string;
  /** What an administrator has, for what the store does not do. */
  readonly client: BlobServiceClient;
  /** Options of a store in the server's container. */
  options(changes?: Partial<AzureOptions>): AzureOptions;
  /** The same as harbor.yml's section `storage_service`, with further keys of it. */
  service(further?: unknown): Section;
}

/** Azurite, Microsoft's emulator, on loopback with an empty container. It checks signatures, and copies no blocks. */
export async function startAzure(): Promise<AzureServer> {
  await using started = new AsyncDisposableStack();
  const home = started.use(await temporaryDirectory("azure"));
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const place = ["--blobHost", "127.0.0.1", "--blobPort", String(port), "--location", home.path];
  // The client library is a version of the protocol ahead of it, by things that we do not use.
  const flags = ["--silent", "--disableTelemetry", "--skipApiVersionCheck"];
  const child = new Child(process.execPath, [azurite, ...place, ...flags], {
    logFile: join(home.path, "log"),
    env: { ...process.env, AZURITE_ACCOUNTS: `${account}:${accountKey}` },
    cwd: home.path,
  });
  started.defer(async () => void (await child.stop()));
  const endpoint = `http://${host}/${account}`;
  while (child.running && (await fetch(endpoint).catch(() => null)) === null) await Bun.sleep(50);
  const client = new BlobServiceClient(endpoint, new StorageSharedKeyCredential(account, accountKey));
  await client.createContainer(defaults.container);
  const owned = started.move();
  return {
    host,
    client,
    options: (changes = {}) => ({ ...defaults, endpoint, ...changes }),
    service: (further = {}) => ({
      azure: {
        accountname: account,
        accountkey: accountKey,
        container: defaults.container,
        serviceurl: endpoint,
      },
      ...(further as Section),
    }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const defaults = {
  account,
  accountKey,
  container: "images",
  rootDirectory: "",
  caBundle: null,
  chunkSize: 4 * 1024 * 1024,
  redirect: null,
} satisfies Partial<AzureOptions>;
