import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import type { PostgresqlOptions } from "../../src/db/index.ts";
import type { AzureServer } from "./azure.ts";
import { Child } from "./child.ts";
import { createOnPostgresql } from "./engines.ts";
import type { GcsServer } from "./gcs.ts";
import { freePorts } from "./ports.ts";
import { sectionOf } from "./postgresql-section.ts";
import type { S3Server } from "./s3.ts";
import { startS3UntilTheEnd } from "./s3-until-the-end.ts";
import { type Section, serverConfig } from "./server-config.ts";
import { type TemporaryDirectory, temporaryDirectory } from "./temporary-directory.ts";

const MAIN = join(import.meta.dir, "../../src/main.ts");
const READY_WITHIN = 60_000;

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface StartOptions {
  /** Keys of harbor.yml, laid over the defaults section by section. */
  readonly config?: Section;
  readonly workers?: number;
  /** The name that clients use, where they resolve it; this process always speaks to localhost. */
  readonly hostname?: string;
  /** Plain HTTP instead of HTTPS. */
  readonly http?: boolean;
  /** A data directory that outlives the server; by default one that is removed with it. */
  readonly dataDir?: string;
  /** `postgresql` for a database of its own on the tests' server, or one that several share. */
  readonly database?: "postgresql" | PostgresqlOptions;
  /** `s3` for a bucket of its own on a server of its own, or one of any kind that several share. */
  readonly storage?: "s3" | S3Server | AzureServer | GcsServer;
  readonly env?: Record<string, string>;
  /** The executable that is run; by default the sources are. */
  readonly executable?: string;
}

/** Starts a Breakwater as users run it, and waits until it is ready. */
export async function startBreakwater({
  database,
  storage,
  ...given
}: StartOptions = {}): Promise<Breakwater> {
  const place = database === "postgresql" ? (await createOnPostgresql()).options : database;
  const bucket = storage === "s3" ? await startS3UntilTheEnd() : storage;
  const config = {
    ...given.config,
    ...(place === undefined ? {} : sectionOf(place)),
    ...(bucket === undefined ? {} : { storage_service: bucket.service(given.config?.storage_service) }),
  };
  const options = { ...given, config };
  const home = await temporaryDirectory("server");
  const ports = await freePorts(4);
  const server = new Breakwater(home, ports, options);
  try {
    await server.start();
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  return server;
}

export function basicAuth({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** A Breakwater with its own process, ports and data: `await using server = await startBreakwater()`. */
export class Breakwater implements AsyncDisposable {
  readonly url: string;
  /** `localhost:PORT`, the registry's part of an image's name, as clients write it. */
  readonly host: string;
  readonly port: number;
  /** Where plain HTTP is spoken: everything with `http: true`, else a redirect to HTTPS. */
  readonly httpPort: number;
  readonly metricsPort: number;
  readonly dataDir: string;
  readonly configFile: string;
  readonly caFile: string;
  readonly admin: Credentials = { username: "admin", password: "Harbor-12345" };

  readonly #home: TemporaryDirectory;
  readonly #logFile: string;
  readonly #options: StartOptions;
  readonly #config: Section;
  #child: Child | undefined;
  #ca: string | undefined;

  constructor(home: TemporaryDirectory, ports: readonly number[], options: StartOptions) {
    const [httpPort = 0, httpsPort = 0, metricsPort = 0, notaryPort = 0] = ports;
    this.#home = home;
    this.#options = options;
    this.#logFile = join(home.path, "server.log");
    this.port = options.http ? httpPort : httpsPort;
    this.httpPort = httpPort;
    this.metricsPort = metricsPort;
    const hostname = options.hostname ?? "localhost";
    const scheme = options.http ? "http" : "https";
    this.host = `${hostname}:${this.port}`;
    this.url = `${scheme}://localhost:${this.port}`;
    this.dataDir = options.dataDir ?? join(home.path, "data");
    this.configFile = join(home.path, "breakwater.yml");
    this.caFile = join(this.dataDir, "ca/ca.crt");
    this.#config = serverConfig(
      {
        hostname,
        externalUrl: `${scheme}://${this.host}`,
        dataDir: this.dataDir,
        adminPassword: this.admin.password,
        httpPort,
        httpsPort: options.http ? undefined : httpsPort,
        metricsPort,
        notaryPort,
      },
      options.config,
    );
  }

  get pid(): number {
    if (this.#child === undefined) throw new Error("the server was never started");
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#child?.running ?? false;
  }

  async start(): Promise<void> {
    await writeFile(this.configFile, stringify(this.#config));
    const { workers, env, executable } = this.#options;
    const command = ["serve", "--config", this.configFile];
    if (executable === undefined) command.unshift(MAIN);
    if (workers !== undefined) command.push("--workers", String(workers));
    this.#child = new Child(executable ?? process.execPath, command, {
      logFile: this.#logFile,
      env: cleanEnvironment(env),
      cwd: this.#home.path,
    });
    await this.#ready(this.#child);
  }

  /** SIGTERM, and waits for the exit code. */
  async stop(): Promise<number | null> {
    return (await this.#child?.stop()) ?? null;
  }

  /** SIGKILL to the process and its workers at once, and waits. */
  async kill(): Promise<void> {
    await this.#child?.kill();
  }

  /** Starts it again on the same data and ports, after stopping it where it still runs. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** A request without credentials: `path` from the root. */
  fetch(path: string, init: BunFetchRequestInit = {}): Promise<Response> {
    const trust = this.#ca === undefined ? {} : { tls: { ca: this.#ca } };
    return fetch(new URL(path, this.url), { redirect: "manual", ...trust, ...init });
  }

  /** A request to Harbor's API, as admin unless told otherwise: `path` is what follows `/api/v2.0`. */
  api(path: string, init: BunFetchRequestInit = {}, as: Credentials = this.admin): Promise<Response> {
    const headers = new Headers(init.headers);
    if (!headers.has("authorization")) headers.set("authorization", basicAuth(as));
    return this.fetch(`/api/v2.0${path}`, { ...init, headers });
  }

  /** A bearer token for the scopes (`repository:library/alpine:pull,push`); as admin by default, anonymous for null. */
  async token(scopes: readonly string[], as: Credentials | null = this.admin): Promise<string> {
    const query = new URLSearchParams({ service: "harbor-registry" });
    for (const scope of scopes) query.append("scope", scope);
    const headers = as === null ? {} : { authorization: basicAuth(as) };
    const response = await this.fetch(`/service/token?${query}`, { headers });
    if (response.status !== 200) {
      throw new Error(`no token for ${scopes.join(" ")}: ${response.status} ${await response.text()}`);
    }
    const { token } = (await response.json()) as { token: string };
    return token;
  }

  /** Everything it has printed so far, on stdout and stderr. */
  logs(): Promise<string> {
    return readFile(this.#logFile, "utf8");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    // The log goes with the directory; what it says of failures of the server's own must reach a person.
    const lines = (await this.logs().catch(() => "")).split("\n");
    // That a part which it needs does not answer is what tests do to it on purpose.
    const unforeseen = (line: string) =>
      line.includes('"level":"error"') && !line.includes('"code":"UNAVAILABLE"');
    for (const line of lines.filter(unforeseen)) console.error(line);
    await this.#home[Symbol.asyncDispose]();
  }

  async #ready(child: Child): Promise<void> {
    const deadline = Date.now() + READY_WITHIN;
    while (child.running && Date.now() < deadline) {
      // The certificate is not checked yet: this very start may be writing the CA.
      const health = await fetch(new URL("/api/v2.0/health", this.url), {
        tls: { rejectUnauthorized: false },
        signal: AbortSignal.timeout(5_000),
        keepalive: false,
      }).catch(() => undefined);
      if (health?.status === 200) {
        // A server with a certificate of its owner's has no CA of its own.
        this.#ca = await readFile(this.caFile, "utf8").catch(() => undefined);
        return;
      }
      await Bun.sleep(50);
    }
    await child.kill();
    throw new Error(`Breakwater did not become ready:\n${await this.logs()}`);
  }
}

/** Settings of the person who runs the tests must not reach the server under test. */
function cleanEnvironment(extra: Record<string, string> = {}): Record<string, string | undefined> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("BREAKWATER_"));
  return { ...Object.fromEntries(inherited), ...extra };
}
