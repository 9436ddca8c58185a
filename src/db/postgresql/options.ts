import { type ConnectionOptions, checkServerIdentity } from "node:tls";

/**
 * How the connection is protected, by libpq's names. `require` encrypts and trusts any server, unless there is
 * a CA: then it checks as `verify-ca` does. `verify-ca` wants a certificate of a trusted authority,
 * `verify-full` also that it names the host.
 */
export type SslMode = "disable" | "require" | "verify-ca" | "verify-full";

export interface PostgresqlOptions {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly username: string;
  readonly password: string;
  readonly ssl: {
    readonly mode: SslMode;
    /** The trusted authorities in PEM form; null for the system's. */
    readonly ca: string | null;
  };
  /** At most so many connections at once; at least two. */
  readonly maxConnections: number;
  /** So many stay open when there is nothing to do. */
  readonly idleConnections: number;
}

/** What TLS has to check, in the words of `tls.connect`; false for no TLS. */
export function tlsOptions({
  host,
  ssl,
}: Pick<PostgresqlOptions, "host" | "ssl">): ConnectionOptions | false {
  const { mode, ca } = ssl;
  if (mode === "disable") return false;
  if (mode === "require" && ca === null) return { rejectUnauthorized: false };
  return {
    ...(ca === null ? {} : { ca }),
    rejectUnauthorized: true,
    // The name is given here because the socket that `pg` hands over does not know an address that it was opened to.
    checkServerIdentity: (_, certificate) =>
      mode === "verify-full" ? checkServerIdentity(host, certificate) : undefined,
  };
}
