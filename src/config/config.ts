import { hostname as machineName, networkInterfaces } from "node:os";
import { resolve } from "node:path";
import { day, hour, minute, second } from "../kernel/index.ts";
import { type DatabaseConfig, toDatabase } from "./database.ts";
import { type ScanConfig, toScan } from "./feeds.ts";
import type { Values } from "./keys.ts";
import { type ProxyConfig, toProxy } from "./proxy.ts";
import { type StorageConfig, toStorage } from "./storage.ts";
import { host } from "./values.ts";

/** Everything an operator may decide, with every default filled in. Paths are absolute; durations say their unit. */
export interface Config {
  readonly hostname: string;
  /** What clients call the server by: scheme, host and port, without a slash at the end. */
  readonly externalUrl: string;
  /** The plain listener. Where `https` is there too, it only redirects. */
  readonly http: { readonly port: number } | null;
  /** Without a certificate the server makes its own. */
  readonly https: {
    readonly port: number;
    readonly certificate: string | null;
    readonly privateKey: string | null;
  } | null;
  /** Where the listeners bind. */
  readonly address: string;
  /** Networks as CIDR, of the load balancers whose word about the client counts. */
  readonly trustedProxies: readonly string[];
  /** Content trust for names that begin with one of the prefixes; with none of them, for all. */
  readonly notary: { readonly port: number; readonly gunPrefixes: readonly string[] };
  /** The first start's; null for one that is generated. */
  readonly adminPassword: string | null;
  readonly dataVolume: string;
  readonly database: DatabaseConfig;
  readonly storage: StorageConfig;
  /** `location` is a folder; its files are exchanged at `rotateSize` bytes, and `rotateCount` old ones are kept. */
  readonly log: {
    readonly level: LogLevel;
    readonly location: string | null;
    readonly rotateCount: number;
    readonly rotateSize: number;
  };
  readonly metric: {
    readonly enabled: boolean;
    readonly address: string;
    readonly port: number;
    readonly path: string;
  };
  /** Seconds. */
  readonly token: { readonly expiresIn: number };
  readonly robotNamePrefix: string;
  /** `grace` in milliseconds; `schedule` a cron expression, with seconds where it has six fields. */
  readonly gc: { readonly grace: number; readonly schedule: string };
  /** `age` and `interval` in milliseconds. */
  readonly uploads: {
    readonly purge: boolean;
    readonly age: number;
    readonly interval: number;
    readonly dryRun: boolean;
  };
  /** Milliseconds. */
  readonly audit: { readonly retention: number };
  readonly scan: ScanConfig;
  readonly proxy: ProxyConfig;
  readonly workers: number;
  /** What secrets are derived from; null for one that is generated into the data volume. */
  readonly secretKey: string | null;
}

export type LogLevel = "debug" | "info" | "warn" | "error";

/**
 * Fills in the defaults. `sections` are the file's: Harbor takes `http` and `https` as asked for when the
 * section is there. Nothing said of either means HTTPS, on a port that needs no privilege.
 */
export function toConfig(values: Values, sections: ReadonlySet<string>, cwd: string): Config {
  const given = (section: string, ...keys: (keyof Values)[]) =>
    sections.has(section) || keys.some((key) => values[key] !== undefined);
  const hostname = values.hostname ?? defaultHostname();
  const http = given("http", "http.port") ? { port: values["http.port"] ?? 80 } : null;
  const tls = given("https", "https.port", "https.certificate", "https.private_key") || http === null;
  const https = tls
    ? {
        port: values["https.port"] ?? (sections.has("https") ? 443 : 8443),
        certificate: absolute(cwd, values["https.certificate"]),
        privateKey: absolute(cwd, values["https.private_key"]),
      }
    : null;
  const address = values["breakwater.address"] ?? defaultAddress();
  const dataVolume = resolve(cwd, values.data_volume ?? "data");
  const metricsAsked = values["metric.enabled"] === true;
  return {
    hostname,
    externalUrl:
      values.external_url ?? (https ? url("https", hostname, https.port) : url("http", hostname, http?.port)),
    http,
    https,
    address,
    trustedProxies: values["breakwater.trusted_proxies"] ?? [],
    notary: { port: values["notary.port"] ?? 4443, gunPrefixes: values["notary.gun_prefixes"] ?? [] },
    adminPassword: values.harbor_admin_password ?? null,
    dataVolume,
    database: toDatabase(values, sections, cwd),
    storage: toStorage(values, sections, dataVolume, cwd),
    log: {
      level: values["log.level"] ?? "info",
      location: absolute(cwd, values["log.local.location"]),
      rotateCount: values["log.local.rotate_count"] ?? 50,
      rotateSize: values["log.local.rotate_size"] ?? 200 * 2 ** 20,
    },
    metric: {
      enabled: values["metric.enabled"] ?? true,
      // Metrics name repositories' traffic to anybody who asks: unasked for, they stay on the machine.
      address: values["breakwater.metric.address"] ?? (metricsAsked ? address : "127.0.0.1"),
      port: values["metric.port"] ?? 9090,
      path: values["metric.path"] ?? "/metrics",
    },
    token: { expiresIn: Math.floor((values["breakwater.token.expires_in"] ?? 30 * minute) / second) },
    robotNamePrefix: values["breakwater.robot_name_prefix"] ?? "robot$",
    gc: {
      grace: values["breakwater.gc.grace"] ?? 2 * hour,
      schedule: values["breakwater.gc.schedule"] ?? "0 0 0 * * *",
    },
    uploads: {
      purge: values["upload_purging.enabled"] ?? true,
      age: values["upload_purging.age"] ?? 168 * hour,
      interval: values["upload_purging.interval"] ?? 24 * hour,
      dryRun: values["upload_purging.dryrun"] ?? false,
    },
    audit: { retention: values["breakwater.audit.retention"] ?? 90 * day },
    scan: toScan(values, cwd),
    proxy: toProxy(values),
    workers: values["breakwater.workers"] ?? 1,
    secretKey: values["breakwater.secret_key"] ?? null,
  };
}

function absolute(cwd: string, path: string | undefined): string | null {
  return path === undefined ? null : resolve(cwd, path);
}

/** The URL's class drops a scheme's default port and puts brackets where IPv6 wants them written. */
function url(scheme: string, hostname: string, port = 80): string {
  return new URL(`${scheme}://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`).origin;
}

function defaultHostname(): string {
  return host.safeParse(machineName()).data ?? "localhost";
}

/** All addresses of both families, or of IPv4 alone where the machine has IPv6 switched off. */
function defaultAddress(): string {
  const interfaces = Object.values(networkInterfaces()).flat();
  return interfaces.some((entry) => entry?.family === "IPv6") ? "::" : "0.0.0.0";
}
