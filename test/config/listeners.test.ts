import { describe, expect, test } from "bun:test";
import { load } from "./support.ts";

const http = (port: number) => ({ port });
const https = (port: number) => ({ port, certificate: null, privateKey: null });

describe("which listeners there are, and what clients call them by", () => {
  test.each([
    ["nothing said", "", null, https(8443), "https://reg.example.com:8443"],
    ["https alone", "https: {port: 8444}", null, https(8444), "https://reg.example.com:8444"],
    ["https without a port", "https: {}", null, https(443), "https://reg.example.com"],
    ["both, with Harbor's ports", "http: {}\nhttps: {}", http(80), https(443), "https://reg.example.com"],
    [
      "both, with own ports",
      "http: {port: 81}\nhttps: {port: 444}",
      http(81),
      https(444),
      "https://reg.example.com:444",
    ],
    ["http alone", "http: {port: 8080}", http(8080), null, "http://reg.example.com:8080"],
    ["http on its own port", "http: {port: 80}", http(80), null, "http://reg.example.com"],
    [
      "an empty https is none, as in Harbor",
      "http: {port: 80}\nhttps:",
      http(80),
      null,
      "http://reg.example.com",
    ],
    [
      "an external URL",
      "https: {}\nexternal_url: https://Front.example.com:443/",
      null,
      https(443),
      "https://front.example.com",
    ],
  ])("%s", async (_, yaml, plain, tls, url) => {
    const { config } = await load(`hostname: reg.example.com\n${yaml}`);
    expect([config.http, config.https, config.externalUrl]).toEqual([plain, tls, url]);
  });

  test("an IPv6 address is written in brackets", async () => {
    const { config } = await load("hostname: 'fd00::2'\nhttps: {port: 8443}");
    expect(config.externalUrl).toBe("https://[fd00::2]:8443");
  });

  test("by environment alone the port stays one that needs no privilege", async () => {
    const { config } = await load(undefined, {
      BREAKWATER_HTTPS_CERTIFICATE: "/dev/null",
      BREAKWATER_HTTPS_PRIVATE_KEY: "/dev/null",
    });
    expect(config.https).toEqual({ port: 8443, certificate: "/dev/null", privateKey: "/dev/null" });
  });

  test("metrics that nobody asked for stay on the machine", async () => {
    const quiet = await load("breakwater: {address: 0.0.0.0}");
    expect(quiet.config.metric).toEqual({
      enabled: true,
      address: "127.0.0.1",
      port: 9090,
      path: "/metrics",
    });
    const asked = await load("metric: {enabled: true, port: 9100, path: /m}\nbreakwater: {address: 0.0.0.0}");
    expect(asked.config.metric).toEqual({ enabled: true, address: "0.0.0.0", port: 9100, path: "/m" });
    const chosen = await load("metric: {enabled: true}\nbreakwater: {metric: {address: 10.0.0.1}}");
    expect(chosen.config.metric.address).toBe("10.0.0.1");
  });
});

test("proxies are networks, and one that speaks HTTPS takes the warning about plain HTTP away", async () => {
  const front = "http: {port: 8080}\nexternal_url: https://front.example.com";
  const { config, warnings } = await load(`${front}\nbreakwater: {trusted_proxies: "10.0.0.0/8, ::1"}`);
  expect(config.trustedProxies).toEqual(["10.0.0.0/8", "::1"]);
  expect(warnings.filter((warning) => warning.startsWith("Plain HTTP"))).toEqual([]);
  expect((await load(front)).warnings.join()).toContain("Plain HTTP");
});
