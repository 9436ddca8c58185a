import type { Certificate } from "../tools/certificate.ts";

/** A registry under measurement. */
export interface Peer extends AsyncDisposable {
  readonly name: string;
  /** `https://127.0.0.1:PORT` or its plain counterpart. */
  readonly origin: string;
  readonly certificate: Certificate;
  /** Its first process; the others are that one's descendants. */
  readonly pid: number;
  /** Milliseconds from the start of the process to its first good answer. */
  readonly readyAfter: number;
  /** What `docker login` needs; a registry that asks for nothing has none. */
  readonly credentials?: Credentials;
  /** The headers that allow pull, push and delete in these repositories; none where none is needed. */
  authorization(repositories: readonly string[]): Promise<Record<string, string>>;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface PeerOptions {
  /** An empty folder, or one that this kind of registry has filled before. */
  readonly folder: string;
  readonly certificate: Certificate;
  readonly scheme: "https" | "http";
  /** Further sections of Breakwater's configuration: where it keeps what. */
  readonly config?: Readonly<Record<string, unknown>>;
}
