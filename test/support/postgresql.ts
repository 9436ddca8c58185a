import { chownSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import type { PostgresqlOptions } from "../../src/db/index.ts";
import { Child } from "./child.ts";
import { missingCommands, mustRun } from "./command.ts";
import { freePort } from "./ports.ts";

const READY_WITHIN = 60_000;
const PASSWORD = "Secret-12345";

/** The folder of PostgreSQL's programs; Debian keeps one for each version. */
function findPrograms(): string | undefined {
  for (let version = 30; version >= 15; version--) {
    const folder = `/usr/lib/postgresql/${version}/bin`;
    if (Bun.which("initdb", { PATH: folder }) !== null) return folder;
  }
  const initdb = Bun.which("initdb");
  return initdb === null ? undefined : join(initdb, "..");
}

/** Why PostgreSQL cannot be used here; undefined when it can. */
export function missingPostgresql(): string | undefined {
  if (findPrograms() === undefined) return "postgresql not installed";
  return process.getuid?.() === 0 ? missingCommands("setpriv") : undefined;
}

/** The account of Debian's package, where we are root: PostgreSQL refuses to be. */
function serverAccount(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const fields = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync("/etc/passwd", "utf8"));
  if (fields === null) throw new Error("there is no user postgres");
  return { uid: Number(fields[1]), gid: Number(fields[2]) };
}

/** A PostgreSQL of the tests' own, on a loopback port; its data go with it. */
export class PostgresqlServer implements AsyncDisposable {
  readonly port: number;
  /** Owned by the account that the server runs as. */
  readonly home = mkdtempSync(join(tmpdir(), "breakwater-postgresql-"));
  readonly account = serverAccount();
  readonly #programs: string;
  readonly #durable: boolean;
  #child: Child | undefined;
  #databases = 0;

  private constructor(port: number, durable: boolean) {
    this.#durable = durable;
    const programs = findPrograms();
    if (programs === undefined) throw new Error("PostgreSQL is not installed");
    this.port = port;
    this.#programs = programs;
    if (this.account !== null) chownSync(this.home, this.account.uid, this.account.gid);
  }

  /** `durable` for who measures: what a power cut would take is not tested, and tests are faster without. */
  static async create(durable = false): Promise<PostgresqlServer> {
    const server = new PostgresqlServer(await freePort(), durable);
    const password = join(server.home, "password");
    await Bun.write(password, PASSWORD);
    // A locale whose order is not that of bytes: what relies on byte order has to ask for it.
    const locale = ["--encoding=UTF8", "--locale-provider=icu", "--icu-locale=en-US", "--locale=C.UTF-8"];
    const access = ["--username=breakwater", "--auth=scram-sha-256", `--pwfile=${password}`];
    const data = join(server.home, "data");
    await mustRun(server.#command("initdb", "--no-sync", `--pgdata=${data}`, ...locale, ...access));
    await server.start();
    return server;
  }

  async start(): Promise<void> {
    const settings = [
      `port=${this.port}`,
      "listen_addresses=127.0.0.1",
      "unix_socket_directories=",
      `fsync=${this.#durable ? "on" : "off"}`,
    ].flatMap((setting) => ["-c", setting]);
    const [program = "", ...args] = this.#command("postgres", "-D", join(this.home, "data"), ...settings);
    this.#child = new Child(program, args, { logFile: join(this.home, "server.log") });
    const deadline = Date.now() + READY_WITHIN;
    while (!(await this.#answers())) {
      if (Date.now() > deadline || !this.#child.running) {
        throw new Error(`PostgreSQL did not start:\n${readFileSync(join(this.home, "server.log"), "utf8")}`);
      }
      await Bun.sleep(50);
    }
  }

  /** `fast` rolls open transactions back first; after `immediate` the next start recovers as from a crash. */
  async stop(how: "fast" | "immediate" = "fast"): Promise<void> {
    const child = this.#child;
    if (child?.running) process.kill(child.pid, how === "fast" ? "SIGINT" : "SIGQUIT");
    await child?.exited;
  }

  /** Makes an empty database, or a copy of one that nobody is connected to. */
  async createDatabase(template = "template0"): Promise<PostgresqlOptions> {
    const database = `test_${++this.#databases}`;
    await this.run(`create database ${database} template ${template}`);
    return this.optionsOf(database);
  }

  async dropDatabase(database: string): Promise<void> {
    await this.run(`drop database if exists ${database} with (force)`);
  }

  optionsOf(database: string): PostgresqlOptions {
    return {
      host: "127.0.0.1",
      port: this.port,
      database,
      username: "breakwater",
      password: PASSWORD,
      ssl: { mode: "disable", ca: null },
      maxConnections: 8,
      idleConnections: 4,
    };
  }

  /** A statement of the administrator's, in the database `postgres`. */
  async run(statement: string): Promise<void> {
    const { username: user, password, host, port } = this.optionsOf("postgres");
    const client = new Client({ host, port, user, password, database: "postgres" });
    client.on("error", () => {});
    try {
      await client.connect();
      await client.query(statement);
    } finally {
      await client.end();
    }
  }

  async #answers(): Promise<boolean> {
    return this.run("select 1").then(
      () => true,
      () => false,
    );
  }

  #command(program: string, ...args: string[]): string[] {
    const command = [join(this.#programs, program), ...args];
    if (this.account === null) return command;
    const { uid, gid } = this.account;
    return ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", ...command];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("immediate");
    rmSync(this.home, { recursive: true, force: true });
  }
}
