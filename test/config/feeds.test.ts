import { describe, expect, test } from "bun:test";
import { describeConfig } from "../../src/config/index.ts";
import { day, hour } from "../../src/kernel/index.ts";
import { endOfLife } from "../../src/scan/vulndb/index.ts";
import { load, refusalOf } from "./support.ts";

const feeds = (yaml: string) => `breakwater: {scan: {feeds: ${yaml}}}`;
const go = "format: osv, source: https://mirror.example/go.zip";

test("nothing is fetched unless somebody says so", async () => {
  const { config } = await load(undefined);
  expect(config.scan).toEqual({
    feeds: [],
    concurrency: 1,
    defaultFeeds: false,
    trustedKeys: [],
    adapter: { registries: [], caBundle: null },
  });
});

test("a feed has a name, a format and a source; the rest has its defaults", async () => {
  const { config, cwd } = await load(feeds(`{go: {${go}}, kev: {format: kev, source: [kev.json, /b]}}`));
  const rest = { caBundle: null, proxy: null, username: null, password: null, token: null };
  const usual = { schedule: { every: 6 * hour }, maxAge: 5 * day, enabled: true, ...rest };
  expect(config.scan.feeds).toEqual([
    { name: "go", format: "osv", sources: ["https://mirror.example/go.zip"], ...usual },
    { name: "kev", format: "kev", sources: [`${cwd}/kev.json`, "/b"], ...usual },
  ]);
});

test("the variable holds the whole section, as YAML or JSON", async () => {
  const json = JSON.stringify({ a: { format: "kev", source: "/x", schedule: "0 3 * * *", enabled: "no" } });
  for (const text of [json, "a: {format: kev, source: /x, schedule: 0 3 * * *, enabled: no}"]) {
    const { config } = await load(undefined, { BREAKWATER_SCAN_FEEDS: text });
    expect(config.scan.feeds).toMatchObject([{ name: "a", schedule: { cron: "0 3 * * *" }, enabled: false }]);
  }
});

test("the default feeds are one switch; own ones are laid over them by name", async () => {
  const { config } = await load(
    "breakwater: {scan: {default_feeds: true, feeds: {kev: {source: /mirror/kev.json}, epss: {enabled: no}}}}",
  );
  const byName = new Map(config.scan.feeds.map((feed) => [feed.name, feed]));
  expect(byName.get("debian")?.sources).toEqual([
    "https://osv-vulnerabilities.storage.googleapis.com/Debian/all.zip",
  ]);
  expect(byName.get("kev")).toMatchObject({ format: "kev", sources: ["/mirror/kev.json"] });
  expect(byName.get("epss")?.enabled).toBe(false);
});

test("of Alpine the default feeds name every release since 3.15 whose end is known", async () => {
  const { config } = await load("breakwater: {scan: {default_feeds: true}}");
  const sources = config.scan.feeds.find(({ name }) => name === "alpine")?.sources ?? [];
  const known: string[] = [];
  for (let minor = 15; endOfLife(`Alpine:v3.${minor}`) !== null; minor++) known.push(`v3.${minor}`);
  expect(sources).toEqual(
    [...known, "edge"].flatMap((release) =>
      ["main", "community"].map((part) => `https://secdb.alpinelinux.org/${release}/${part}.json`),
    ),
  );
});

describe("a wrong value is refused with key, place, expectation and value", () => {
  const at = "breakwater.scan.feeds";
  test.each([
    ["{go: {format: ovs, source: /x}}", `${at}.go.format (test.yml:1): expected one of osv, secdb,`],
    ["{go: {format: osv}}", `${at}.go: expected a format (osv, `],
    ["{go: {source: /x}}", `${at}.go: expected a format (osv, `],
    ["{go: {format: osv, source: ftp://a/b}}", `${at}.go.source (test.yml:1): expected https://…, oci:`],
    ["{go: {format: osv, source: https://u:s3cr3t@h/b}}", `${at}.go.source (test.yml:1): expected https:`],
    ["{go: {format: osv, source: oci://host}}", `${at}.go.source (test.yml:1): expected https://…`],
    ["{go: {format: osv, source: {a: b}}}", `${at}.go.source (test.yml:1): expected a single value`],
    [`{go: {${go}, schedule: daily}}`, `${at}.go.schedule (test.yml:1): expected a time between two looks`],
    [`{go: {${go}, max_age: 5}}`, `${at}.go.max_age (test.yml:1): expected a duration such as`],
    [`{go: {${go}, sorce: x}}`, `${at}.go (test.yml:1): expected only the keys source, format`],
    [`{go: {${go}, proxy: socks5://x}}`, `${at}.go.proxy (test.yml:1): expected http://HOST:PORT`],
    [`{go: {${go}, password: [s3cr3t]}}`, `${at}.go.password (test.yml:1): expected a single value`],
    [`{go: {${go}, password: s3cr3t}}`, `${at}.go: expected username and password, or neither`],
    [`{go: {${go}, token: s3cr3t, username: a, password: s3cr3t}}`, `${at}.go: expected a token, or`],
    [`{go: {${go}, ca_bundle: /nowhere/ca}}`, `${at}.go.ca_bundle: expected a file in PEM form`],
    ["{Go: {}}", `${at} (test.yml:1): expected names of feeds in small letters`],
    ["[a]", `${at} (test.yml:1): expected feeds by their names`],
    ["default", `${at} (test.yml:1): expected feeds by their names`],
    ["{go: [a]}", `${at}.go (test.yml:1): expected a section with format and source`],
  ])("%s", async (yaml, message) => {
    const refusal = await refusalOf(feeds(yaml));
    expect(refusal).toContain(message);
    expect(refusal).not.toContain("s3cr3t");
  });

  test("a key that is missing", async () => {
    expect(await refusalOf("breakwater: {scan: {trusted_keys: /nowhere/a.pub}}")).toContain(
      "breakwater.scan.trusted_keys: expected a file in PEM form that can be read, found no such file",
    );
  });
});

test("an anchor that holds itself is refused, not followed for ever", async () => {
  expect(await refusalOf("breakwater: {scan: {feeds: &a {go: *a}}}")).toContain("breakwater.scan.feeds.go");
});

test("plain HTTP is warned of, and no secret is printed", async () => {
  const secrets = "username: u, password: s3cr3t";
  const { config, warnings } = await load(
    feeds(`{a: {format: kev, source: http://h/a, ${secrets}}, b: {format: kev, source: /b, token: s3cr3t}}`),
  );
  expect(warnings).toEqual([expect.stringContaining("The feed a comes over plain HTTP")]);
  expect(JSON.stringify(describeConfig(config))).not.toContain("s3cr3t");
});

test("Harbor's proxy", async () => {
  const { config } = await load(
    "proxy: {http_proxy: 'proxy:3128', https_proxy: 'https://u:p@proxy', no_proxy: 'a, .b', components: [trivy]}",
  );
  expect(config.proxy).toEqual({
    http: "http://proxy:3128",
    https: "https://u:p@proxy",
    except: ["a", ".b"],
    components: ["trivy"],
  });
  expect(JSON.stringify(describeConfig(config))).not.toContain("u:p@");
});
