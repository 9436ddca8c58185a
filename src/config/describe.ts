import { second } from "../kernel/index.ts";
import type { Config } from "./config.ts";
import { describeDatabase } from "./database.ts";
import { describeScan } from "./feeds.ts";
import { describeProxy } from "./proxy.ts";
import { describeStorage } from "./storage.ts";
import { formatDuration } from "./values.ts";

const mask = "********";

/** The configuration by the file's own keys, secrets masked: what `config check` prints. */
export function describeConfig(config: Config): Record<string, unknown> {
  const { http, https, log, metric, uploads, gc } = config;
  const database = describeDatabase(config.database, mask);
  const storage = describeStorage(config.storage, mask);
  return {
    hostname: config.hostname,
    external_url: config.externalUrl,
    ...(http && { http: { port: http.port } }),
    ...(https && {
      https: { port: https.port, certificate: https.certificate, private_key: https.privateKey },
    }),
    notary: { port: config.notary.port, gun_prefixes: config.notary.gunPrefixes.join(", ") || null },
    harbor_admin_password: config.adminPassword === null ? null : mask,
    data_volume: config.dataVolume,
    ...database.top,
    ...storage.top,
    log: {
      level: log.level === "warn" ? "warning" : log.level,
      local: { location: log.location, rotate_count: log.rotateCount, rotate_size: log.rotateSize },
    },
    proxy: describeProxy(config.proxy, mask),
    metric: { enabled: metric.enabled, port: metric.port, path: metric.path },
    upload_purging: {
      enabled: uploads.purge,
      age: formatDuration(uploads.age),
      interval: formatDuration(uploads.interval),
      dryrun: uploads.dryRun,
    },
    breakwater: {
      address: config.address,
      metric: { address: metric.address },
      trusted_proxies: config.trustedProxies.length === 0 ? null : config.trustedProxies.join(", "),
      ...database.own,
      ...storage.own,
      workers: config.workers,
      secret_key: config.secretKey === null ? null : mask,
      robot_name_prefix: config.robotNamePrefix,
      token: { expires_in: formatDuration(config.token.expiresIn * second) },
      gc: { grace: formatDuration(gc.grace), schedule: gc.schedule },
      audit: { retention: formatDuration(config.audit.retention) },
      scan: describeScan(config.scan, mask),
    },
  };
}
