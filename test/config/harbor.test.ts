import { expect, test } from "bun:test";
import { stringify } from "yaml";
import { describeConfig } from "../../src/config/index.ts";
import { load } from "./support.ts";

/** As an operator of Harbor has it: the keys of the template, of version 2.15, with a site's values. */
const harborFile = `
hostname: registry.corp.example
http:
  port: 80
https:
  port: 443
  certificate: tls.crt
  private_key: tls.key
  strong_ssl_ciphers: true
ip_family:
  ipv6: {enabled: false}
  ipv4: {enabled: true}
harbor_admin_password: 0123456789
database:
  password: db-secret
  max_idle_conns: 100
  max_open_conns: 900
data_volume: /data
storage_service:
  ca_bundle:
  filesystem:
    maxthreads: 100
  redirect:
    disable: true
trivy:
  skip_update: false
  github_token: token-secret
jobservice:
  max_job_workers: 10
  job_loggers:
    - STD_OUTPUT
    - FILE
notification:
  webhook_job_max_retry: 3
log:
  level: warning
  local:
    rotate_count: 50
    rotate_size: 200M
    location: /var/log/harbor
_version: 2.15.0
proxy:
  http_proxy:
  components: [core, jobservice]
metric:
  enabled: yes
  port: 9091
  path: /metrics
upload_purging:
  enabled: true
  age: 72h
  interval: 12h
  dryrun: off
cache:
  enabled: false
  expire_hours: 24
`;

test("an existing harbor.yml means what it means to Harbor", async () => {
  const { config, warnings, cwd } = await load(harborFile, {}, ["tls.crt", "tls.key"]);
  expect(config).toEqual({
    hostname: "registry.corp.example",
    externalUrl: "https://registry.corp.example",
    http: { port: 80 },
    https: { port: 443, certificate: `${cwd}/tls.crt`, privateKey: `${cwd}/tls.key` },
    address: config.address,
    trustedProxies: [],
    notary: { port: 4443, gunPrefixes: [] },
    adminPassword: "0123456789",
    dataVolume: "/data",
    database: { engine: "sqlite" },
    storage: { driver: "filesystem", rootDirectory: "/data/registry" },
    log: { level: "warn", location: "/var/log/harbor", rotateCount: 50, rotateSize: 200 * 2 ** 20 },
    metric: { enabled: true, address: config.address, port: 9091, path: "/metrics" },
    token: { expiresIn: 1800 },
    robotNamePrefix: "robot$",
    gc: { grace: 7_200_000, schedule: "0 0 0 * * *" },
    uploads: { purge: true, age: 259_200_000, interval: 43_200_000, dryRun: false },
    audit: { retention: 7_776_000_000 },
    scan: {
      concurrency: 1,
      feeds: [],
      defaultFeeds: false,
      trustedKeys: [],
      adapter: { registries: [], caBundle: null },
    },
    proxy: { http: null, https: null, except: [], components: ["core", "jobservice"] },
    workers: 1,
    secretKey: null,
  });
  expect(["::", "0.0.0.0"]).toContain(config.address);
  expect(warnings).toEqual([
    "test.yml: these keys of Harbor's do not apply to Breakwater: https.strong_ssl_ciphers, ip_family, database, storage_service.filesystem.maxthreads, trivy, jobservice, notification, cache.",
  ]);
});

test("what `config check` prints is itself a file that means the same, but for the secrets", async () => {
  const { config } = await load(`
hostname: reg.example.com
http: {port: 8080}
https: {port: 8443}
harbor_admin_password: not-to-be-seen
log: {level: error}
upload_purging: {age: 90m}
proxy: {https_proxy: "proxy:3128", no_proxy: "localhost,.corp", components: [trivy, core]}
breakwater:
  secret_key: nor-this
  gc: {grace: 90s}
  workers: 2
  token: {expires_in: 1h30m}
  scan: {default_feeds: true, feeds: {mine: {format: osv, source: [/a, "oci://b/c:d"], schedule: 0 3 * * *}}}`);
  const printed = stringify(describeConfig(config));
  expect(printed).not.toMatch(/not-to-be-seen|nor-this/);
  const { config: again } = await load(printed);
  expect(again).toEqual({ ...config, adminPassword: "********", secretKey: "********" });
});

test("the configuration cannot be changed, at any depth", async () => {
  const { config } = await load("https: {port: 8443}");
  expect([config, config.https, config.log].every(Object.isFrozen)).toBe(true);
});
