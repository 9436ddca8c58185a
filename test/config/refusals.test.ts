import { describe, expect, test } from "bun:test";
import { loadConfig } from "../../src/config/index.ts";
import { load, refusalOf } from "./support.ts";

const port = "a whole number from 1 to 65535";

describe("a wrong value is refused with key, place, expectation and value", () => {
  test.each([
    ["https: {port: 0}", `https.port (test.yml:1): expected ${port}, found "0"`],
    ["\nhttp:\n  port: 65536", `http.port (test.yml:3): expected ${port}, found "65536"`],
    ["notary: {port: https}", `notary.port (test.yml:1): expected ${port}, found "https"`],
    ["https: 443", "https: expected a section with port, certificate, private_key, found a single value"],
    ["hostname: [a]", "hostname (test.yml:1): expected a single value, found a list"],
    ["- hostname", "test.yml: expected keys and values, found a list"],
    [
      "hostname: https://reg",
      'hostname (test.yml:1): expected a host name or an IP address, without scheme and port, found "https://reg"',
    ],
    ["hostname: 1.2.3", "hostname (test.yml:1): expected a host name"],
    ["external_url: reg.example.com", "external_url (test.yml:1): expected https://HOST"],
    ["external_url: https://reg.example.com/registry", "external_url (test.yml:1): expected https://HOST"],
    [
      "log: {level: loud}",
      'log.level (test.yml:1): expected one of debug, info, warning, error, fatal, found "loud"',
    ],
    ["metric: {enabled: maybe}", 'metric.enabled (test.yml:1): expected true or false, found "maybe"'],
    [
      "metric: {path: metrics}",
      'metric.path (test.yml:1): expected a path that starts with /, found "metrics"',
    ],
    [
      "upload_purging: {age: 7}",
      'upload_purging.age (test.yml:1): expected a duration such as 30m, 168h or 7d, from 1m to 3650d, found "7"',
    ],
    [
      "breakwater: {gc: {schedule: hourly}}",
      "breakwater.gc.schedule (test.yml:1): expected a cron expression",
    ],
    [
      "breakwater: {gc: {schedule: 99 * * * *}}",
      "breakwater.gc.schedule (test.yml:1): expected a cron expression",
    ],
    ["breakwater: {address: localhost}", "breakwater.address (test.yml:1): expected an IP address"],
    [
      "breakwater: {workers: -1}",
      'breakwater.workers (test.yml:1): expected a whole number from 1 to 256, found "-1"',
    ],
    [
      "breakwater: {robot_name_prefix: 'a:b'}",
      "breakwater.robot_name_prefix (test.yml:1): expected 1 to 32 letters",
    ],
    [
      "http: {port: 81}\nhttps: {port: 81}",
      "http.port: expected another port than that of https.port, found 81",
    ],
    [
      "storage_service: {oss: {accesskeyid: hidden}}",
      "storage_service.oss (test.yml:1): expected storage_service.filesystem, azure, gcs or s3",
    ],
    [
      "storage_service: {filesystem: {rootdirectory: /srv}, s3: {bucket: images}}",
      "storage_service: expected one place for images, found filesystem and s3",
    ],
    [
      "https: {certificate: /nowhere/tls.crt, private_key: /dev/null}",
      "https.certificate: expected a file in PEM form that can be read, found no such file: /nowhere/tls.crt",
    ],
    [
      "https: {certificate: /dev/null}",
      "https.private_key: expected a file, because https.certificate has one",
    ],
    ["hostname: a\nhostname: b", "test.yml:2:1: expected valid YAML, found DUPLICATE_KEY"],
  ])("%s", async (yaml, message) => {
    expect(await refusalOf(yaml)).toStartWith(`The configuration is not valid: ${message}`);
  });

  test("all of them at once", async () => {
    const message = await refusalOf("http: {port: x}\nlog: {level: y}\nmetric: {enabled: z}");
    expect(message.split("\n")).toHaveLength(4);
  });

  test("a variable is named as the place", async () => {
    expect(await refusalOf(undefined, { BREAKWATER_HTTPS_PORT: "high" })).toContain(
      'https.port (BREAKWATER_HTTPS_PORT): expected a whole number from 1 to 65535, found "high"',
    );
  });

  test("a file that is missing", async () => {
    await expect(loadConfig({ file: "none.yml", env: {}, cwd: "/nowhere" })).rejects.toThrow(
      "The configuration file /nowhere/none.yml cannot be read: there is no such file.",
    );
    await expect(loadConfig({ file: "", env: {}, cwd: "/" })).rejects.toThrow(
      "The configuration file / cannot be read: it is a folder.",
    );
  });
});

test.each([
  "harbor_admin_password: {s3cr3t: x}\nhttp: {port: x}",
  "harbor_admin_password: ''\nbreakwater: {secret_key: ''}",
  "external_url: https://admin:s3cr3t@reg.example.com",
  "harbor_admin_password: s3cr3t: s3cr3t",
  "harbor_admin_password: *s3cr3t",
  'harbor_admin_password: "s3cr3t\n: [',
])("no refusal shows a secret: %#", async (yaml) => {
  expect(await refusalOf(yaml)).not.toContain("s3cr3t");
});

describe("what works but is hardly meant is warned of", () => {
  test.each([
    ["http: {port: 8080}", "Plain HTTP only"],
    ["harbor_admin_password: Harbor12345", "which everybody knows"],
    ["hostname: reg.mydomain.com", "still the example"],
    ["htps: {port: 443}", 'the key "htps" is not known. Did you mean https?'],
    ["https: {prot: 443}", 'the key "https.prot" is not known. Did you mean https.port?'],
    ["storage_service: {redirect: {disabled: true}}", "Did you mean storage_service.redirect.disable?"],
    ["workers: 2", 'the key "workers" is not known. Did you mean breakwater.workers?'],
    ["gc: {grace: 1h}", 'the key "gc" is not known. Did you mean breakwater.gc?'],
    ["something_else_entirely: 1", "is not known. It is ignored."],
    ["redis: {a: 1}\nuaa: {b: 2}", "do not apply to Breakwater: redis, uaa."],
  ])("%s", async (yaml, warning) => {
    const { warnings } = await load(yaml);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(warning);
  });

  test("nothing said, nothing to warn of", async () => {
    expect((await load("# only a comment")).warnings).toEqual([]);
  });
});
