import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Child } from "../support/child.ts";
import { type CommandResult, missingCommands, mustRun, run } from "../support/command.ts";
import { freePorts } from "../support/ports.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";

/** Why Notary, the original of client and server, cannot be used here. */
export const missingNotary = missingCommands("notary", "notary-server", "openssl");

const passphrase = "correct-horse-battery";

/** A certificate for localhost, that of its own authority. */
export interface ServerCertificate {
  readonly certificate: string;
  readonly key: string;
}

export async function makeCertificate(directory: string): Promise<ServerCertificate> {
  const files = { certificate: join(directory, "server.crt"), key: join(directory, "server.key") };
  await mustRun([
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-keyout", files.key, "-out", files.certificate, "-days", "30", "-subj", "/CN=localhost"],
    ...["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
  ]);
  return files;
}

/** Debian's notary-server, with its storage in memory and no authentication. */
export class NotaryServer implements AsyncDisposable {
  readonly url: string;
  readonly #child: Child;
  readonly #home: TemporaryDirectory;

  private constructor(url: string, child: Child, home: TemporaryDirectory) {
    this.url = url;
    this.#child = child;
    this.#home = home;
  }

  static async start({ certificate, key }: ServerCertificate, extra: object = {}): Promise<NotaryServer> {
    const home = await temporaryDirectory("notary-server");
    const [port = 0] = await freePorts(1);
    const config = {
      server: { http_addr: `127.0.0.1:${port}`, tls_key_file: key, tls_cert_file: certificate },
      trust_service: { type: "local", hostname: "", port: "", key_algorithm: "ed25519" },
      logging: { level: "error" },
      storage: { backend: "memory" },
      caching: { max_age: { current_metadata: 300, consistent_metadata: 2_592_000 } },
      ...extra,
    };
    const file = join(home.path, "config.json");
    await writeFile(file, JSON.stringify(config));
    const child = new Child("notary-server", ["-config", file], {
      logFile: join(home.path, "server.log"),
      env: process.env,
    });
    const server = new NotaryServer(`https://localhost:${port}`, child, home);
    for (let attempt = 0; attempt < 200; attempt++) {
      const answer = await fetch(`${server.url}/_notary_server/health`, {
        tls: { rejectUnauthorized: false },
      }).catch(() => null);
      if (answer?.status === 200) return server;
      await Bun.sleep(50);
    }
    await server[Symbol.asyncDispose]();
    throw new Error("notary-server did not become ready");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stop();
    await this.#home[Symbol.asyncDispose]();
  }
}

/** The `notary` command line of one person: with keys and a cache of its own. */
export class NotaryClient implements AsyncDisposable {
  readonly directory: string;
  readonly #home: TemporaryDirectory;
  readonly #url: string;
  readonly #caFile: string;
  readonly #options: readonly string[];
  /** Name and password in base64, as the client takes them; null for none. */
  readonly #credentials: string | null;

  private constructor(
    home: TemporaryDirectory,
    url: string,
    caFile: string,
    credentials: string | null = null,
  ) {
    this.#home = home;
    this.#url = url;
    this.#caFile = caFile;
    this.#credentials = credentials;
    this.directory = home.path;
    this.#options = ["-d", join(home.path, "trust"), "--tlscacert", caFile, "-s", url];
  }

  static async create(url: string, caFile: string): Promise<NotaryClient> {
    return new NotaryClient(await temporaryDirectory("notary"), url, caFile);
  }

  /** The same folder, keys and cache, with somebody's name and password. */
  as(credentials: string): NotaryClient {
    return new NotaryClient(this.#home, this.#url, this.#caFile, credentials);
  }

  run(...command: readonly string[]): Promise<CommandResult> {
    const credentials = this.#credentials === null ? {} : { NOTARY_AUTH: this.#credentials };
    const passphrases = ["ROOT", "TARGETS", "SNAPSHOT", "DELEGATION"].map((role) => [
      `NOTARY_${role}_PASSPHRASE`,
      passphrase,
    ]);
    return run(["notary", ...this.#options, ...command], {
      cwd: this.directory,
      env: { ...process.env, HOME: this.directory, ...credentials, ...Object.fromEntries(passphrases) },
      // It asks whether one really means to rotate a root key.
      stdin: "yes\n",
    });
  }

  /** As `run`, for what must succeed. */
  async ok(...command: readonly string[]): Promise<string> {
    const { code, output } = await this.run(...command);
    if (code !== 0) throw new Error(`notary ${command.join(" ")}: exit code ${code}\n${output}`);
    return output;
  }

  /** A file in the client's folder. */
  async file(name: string, content: string): Promise<string> {
    const path = join(this.directory, name);
    await writeFile(path, content);
    return path;
  }

  /** A key pair for a delegation: the certificate's file, after the key was imported. */
  async delegationKey(name: string): Promise<string> {
    const [certificate, key] = [join(this.directory, `${name}.crt`), join(this.directory, `${name}.key`)];
    await mustRun([
      ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
      ...["-keyout", key, "-out", certificate, "-days", "400", "-subj", `/CN=${name}`],
    ]);
    await this.ok("key", "import", key, "--role", name);
    return certificate;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#home[Symbol.asyncDispose]();
  }
}
