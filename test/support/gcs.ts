import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { join } from "node:path";
import type { GcsOptions } from "../../src/blobs/index.ts";
import { Child } from "./child.ts";
import { startFaultyProxy } from "./faulty-proxy.ts";
import { isProven } from "./gcs-proof.ts";
import { goTool } from "./go-tool.ts";
import { freePort } from "./ports.ts";
import type { Section } from "./server-config.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** A server of Google's JSON API, in memory. It checks nobody's rights. */
const emulator = await goTool({ module: "github.com/fsouza/fake-gcs-server", version: "v1.56.1" });

/** Why there can be no server of Google's storage here. */
export const gcsMissing = emulator.missing;

/** What the machine's metadata would say; good at each server. */
export const machineToken = "a-token-of-the-machine";

const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

/** The key of the account that each server knows. */
export const accountKey = asGiven(privateKey);

/** And of one that none knows. */
export const strangerKey = asGiven(generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey);

/** As Google gives a key out. */
function asGiven(key: KeyObject): string {
  return JSON.stringify({
    type: "service_account",
    client_email: "breakwater@tests.iam.gserviceaccount.com",
    private_key: key.export({ type: "pkcs8", format: "pem" }),
    private_key_id: "1",
  });
}

const bucket = "images";

export interface GcsServer extends AsyncDisposable {
  readonly host: string;
  /** Requests so far, as `POST /storage/v1/…`. */
  readonly seen: readonly string[];
  /** Options of a store in the server's bucket, at another endpoint where one stands in front. */
  options(changes?: Partial<GcsOptions>): GcsOptions;
  /** The same as harbor.yml's section `storage_service`, with further keys of it. */
  service(further?: unknown): Section;
  /** And the variables that it needs. */
  readonly environment: Readonly<Record<string, string>>;
}

/** fake-gcs-server on loopback with an empty bucket, behind something that checks tokens and signed URLs. */
export async function startGcs(): Promise<GcsServer> {
  await using started = new AsyncDisposableStack();
  const home = started.use(await temporaryDirectory("gcs"));
  const port = await freePort();
  const inside = `127.0.0.1:${port}`;
  const gate = started.use(await startFaultyProxy(inside));
  gate.choose = (_, request) => (isProven(request, publicKey, machineToken) ? null : { status: 401 });
  const host = new URL(gate.endpoint).host;
  const place = ["-scheme", "http", "-host", "127.0.0.1", "-port", String(port), "-public-host", host];
  const child = new Child(emulator.path, [...place, "-backend", "memory", "-log-level", "error"], {
    logFile: join(home.path, "log"),
  });
  started.defer(async () => void (await child.stop()));
  const create = () =>
    fetch(`http://${inside}/storage/v1/b`, { method: "POST", body: `{"name":"${bucket}"}` });
  while (child.running && !(await create().catch(() => null))?.ok) await Bun.sleep(20);
  const owned = started.move();
  return {
    host,
    seen: gate.seen,
    options: (changes = {}) => ({ ...defaults, endpoint: gate.endpoint, ...changes }),
    service: (further = {}) => ({
      gcs: { bucket, credentials: JSON.parse(accountKey) },
      ...(further as Section),
    }),
    environment: { BREAKWATER_GCS_ENDPOINT: gate.endpoint },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const defaults = {
  bucket,
  key: { json: accountKey },
  rootDirectory: "",
  caBundle: null,
  chunkSize: 4 * 1024 * 1024,
  redirect: null,
} satisfies Partial<GcsOptions>;
