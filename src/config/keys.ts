import type { z } from "zod";
import { day, hour, minute, second } from "../kernel/index.ts";
import { feeds } from "./feed-settings.ts";
import * as value from "./values.ts";

/** As libpq names them. */
const sslModes = {
  disable: "disable",
  require: "require",
  "verify-ca": "verify-ca",
  "verify-full": "verify-full",
} as const;

const logLevels = { debug: "debug", info: "info", warning: "warn", error: "error", fatal: "error" } as const;

/**
 * Every key that Breakwater reads, by its path in the file. Harbor's keys keep Harbor's names; what Harbor has
 * no key for lies below `breakwater`, so that the rest of the file stays Harbor's.
 */
export const keys = {
  hostname: value.host,
  external_url: value.origin,
  "http.port": value.port,
  "https.port": value.port,
  "https.certificate": value.path,
  "https.private_key": value.path,
  "notary.port": value.port,
  "notary.gun_prefixes": value.gunPrefixes,
  harbor_admin_password: value.secret,
  data_volume: value.path,
  "storage_service.filesystem.rootdirectory": value.path,
  "storage_service.ca_bundle": value.path,
  "storage_service.redirect.disable": value.flag,
  "storage_service.s3.accesskey": value.secret,
  "storage_service.s3.secretkey": value.secret,
  "storage_service.s3.sessiontoken": value.secret,
  "storage_service.s3.region": value.name,
  "storage_service.s3.regionendpoint": value.endpoint,
  "storage_service.s3.forcepathstyle": value.flag,
  "storage_service.s3.accelerate": value.flag,
  "storage_service.s3.usedualstack": value.flag,
  "storage_service.s3.bucket": value.bucket,
  "storage_service.s3.rootdirectory": value.name,
  "storage_service.s3.encrypt": value.flag,
  "storage_service.s3.keyid": value.name,
  "storage_service.s3.secure": value.flag,
  "storage_service.s3.skipverify": value.flag,
  "storage_service.s3.v4auth": value.yes,
  "storage_service.s3.chunksize": value.chunkSize,
  "storage_service.s3.multipartcopymaxconcurrency": value.integer(1, 1000),
  "storage_service.s3.storageclass": value.name,
  "storage_service.s3.objectacl": value.name,
  "storage_service.s3.useragent": value.name,
  "storage_service.azure.accountname": value.storageAccount,
  "storage_service.azure.accountkey": value.secret,
  "storage_service.azure.container": value.bucket,
  "storage_service.azure.realm": value.host,
  "storage_service.azure.serviceurl": value.serviceUrl,
  "storage_service.azure.rootdirectory": value.name,
  "storage_service.azure.credentials.type": value.oneOf({ shared_key: "shared_key" }),
  "storage_service.gcs.bucket": value.bucket,
  "storage_service.gcs.keyfile": value.path,
  "storage_service.gcs.credentials": value.secret,
  "storage_service.gcs.rootdirectory": value.name,
  "storage_service.gcs.chunksize": value.gcsChunkSize,
  "external_database.harbor.host": value.host,
  "external_database.harbor.port": value.port,
  "external_database.harbor.db_name": value.name,
  "external_database.harbor.username": value.name,
  "external_database.harbor.password": value.secret,
  "external_database.harbor.ssl_mode": value.oneOf(sslModes),
  "external_database.harbor.max_idle_conns": value.integer(0, 10_000),
  "external_database.harbor.max_open_conns": value.integer(0, 10_000),
  "log.level": value.oneOf(logLevels),
  "log.local.location": value.path,
  "log.local.rotate_count": value.integer(1, 10_000),
  "log.local.rotate_size": value.bytes,
  "metric.enabled": value.flag,
  "metric.port": value.port,
  "metric.path": value.urlPath,
  "proxy.http_proxy": value.proxy,
  "proxy.https_proxy": value.proxy,
  "proxy.no_proxy": value.hosts,
  "proxy.components": value.proxied,
  "upload_purging.enabled": value.flag,
  "upload_purging.age": value.duration(minute, 3650 * day),
  "upload_purging.interval": value.duration(minute, 365 * day),
  "upload_purging.dryrun": value.flag,
  "breakwater.address": value.address,
  "breakwater.metric.address": value.address,
  "breakwater.trusted_proxies": value.networks,
  "breakwater.workers": value.integer(1, 256),
  "breakwater.database.ca_certificate": value.path,
  "breakwater.gcs.endpoint": value.origin,
  "breakwater.redirect.endpoint": value.origin,
  "breakwater.redirect.networks": value.networks,
  "breakwater.redirect.except": value.networks,
  "breakwater.redirect.expires_in": value.duration(10 * second, 7 * day),
  "breakwater.secret_key": value.secret,
  "breakwater.robot_name_prefix": value.namePrefix,
  "breakwater.token.expires_in": value.duration(minute, day),
  "breakwater.gc.grace": value.duration(second, 365 * day),
  "breakwater.gc.schedule": value.cron,
  "breakwater.audit.retention": value.duration(hour, 36_500 * day),
  "breakwater.scan.adapter.registries": value.authorities,
  "breakwater.scan.adapter.ca_bundle": value.path,
  "breakwater.scan.concurrency": value.integer(1, 16),
  "breakwater.scan.default_feeds": value.flag,
  "breakwater.scan.feeds": feeds,
  "breakwater.scan.trusted_keys": value.paths,
} as const;

export type KeyPath = keyof typeof keys;
export type Values = { readonly [K in KeyPath]?: z.output<(typeof keys)[K]> };

export const keyPaths = Object.keys(keys) as readonly KeyPath[];

export function isKey(path: string): path is KeyPath {
  return Object.hasOwn(keys, path);
}

/** Keys whose value is a tree or a list in the file; what reads them takes it as JSON, or a list with commas. */
export const treeKeys: ReadonlySet<KeyPath> = new Set([
  "storage_service.gcs.credentials",
  "breakwater.scan.feeds",
] as const);
export const listKeys: ReadonlySet<KeyPath> = new Set([
  "breakwater.scan.adapter.registries",
  "breakwater.scan.trusted_keys",
  "proxy.components",
] as const);

/** Never in a message, a log or the printed configuration. */
export const secretKeys: ReadonlySet<KeyPath> = new Set([
  "harbor_admin_password",
  "external_database.harbor.password",
  "storage_service.s3.accesskey",
  "storage_service.s3.secretkey",
  "storage_service.s3.sessiontoken",
  "storage_service.azure.accountkey",
  "storage_service.gcs.credentials",
  "breakwater.scan.feeds",
  "breakwater.secret_key",
] as const);

/** Every path that has keys below it. */
export const sections: ReadonlySet<string> = new Set(
  keyPaths.flatMap((path) => {
    const parts = path.split(".");
    return parts.slice(1).map((_, depth) => parts.slice(0, depth + 1).join("."));
  }),
);

/** Harbor's keys, of this version and of earlier ones, for parts that Breakwater does not consist of. */
export const foreignKeys: ReadonlySet<string> = new Set([
  "cache",
  "chart",
  "chartmuseum",
  "clair",
  "core",
  "database",
  "external_redis",
  "internal_tls",
  "ip_family",
  "jobservice",
  "notification",
  "redis",
  "trace",
  "trivy",
  "uaa",
  "external_database.clair",
  "external_database.notary_server",
  "external_database.notary_signer",
  "external_database.harbor.conn_max_idle_time",
  "external_database.harbor.conn_max_lifetime",
  "https.strong_ssl_ciphers",
  "log.external_endpoint",
  "storage_service.azure.copy_status_poll_delay",
  "storage_service.azure.copy_status_poll_max_retry",
  "storage_service.azure.max_retries",
  "storage_service.azure.retry_delay",
  "storage_service.filesystem.maxthreads",
  "storage_service.gcs.maxconcurrency",
  "storage_service.s3.loglevel",
  "storage_service.s3.multipartcopychunksize",
  "storage_service.s3.multipartcopythresholdsize",
]);

/** Harbor's storage drivers that this version lacks. Images would go missing if one were passed over. */
export const foreignDrivers: ReadonlySet<string> = new Set(
  ["oss", "swift"].map((driver) => `storage_service.${driver}`),
);

/** Means nothing, and is in every file of Harbor's: the file format's version. */
export const silentKeys: ReadonlySet<string> = new Set(["_version"]);
