import { expect, test } from "bun:test";
import { keyPaths, variableOf } from "../../src/config/index.ts";
import { load } from "./support.ts";

test("a variable prevails over the file, be the file's value right or wrong", async () => {
  const { config, cwd } = await load("hostname: a\nhttps: {port: wrong}\ndata_volume: /a", {
    BREAKWATER_HOSTNAME: "b",
    BREAKWATER_HTTPS_PORT: "8444",
    BREAKWATER_HARBOR_ADMIN_PASSWORD: " kept as it is ",
    BREAKWATER_DATA_VOLUME: "here",
    BREAKWATER_WORKERS: "3",
    BREAKWATER_GC_GRACE: "1h",
    BREAKWATER_SECRET_KEY: "k",
  });
  expect(config).toMatchObject({
    externalUrl: "https://b:8444",
    adminPassword: " kept as it is ",
    dataVolume: `${cwd}/here`,
    storage: { rootDirectory: `${cwd}/here/registry` },
    workers: 3,
    gc: { grace: 3_600_000 },
    secretKey: "k",
  });
});

test("an empty variable counts as absent, and so does what Kubernetes sets for a service of that name", async () => {
  const { config, warnings } = await load("http: {port: 8080}\nhttps: {port: 8443}", {
    BREAKWATER_HTTPS_PORT: "",
    BREAKWATER_HTTP_PORT: "tcp://10.96.0.7:80",
    BREAKWATER_SERVICE_HOST: "10.96.0.7",
  });
  expect([config.http?.port, config.https?.port, warnings]).toEqual([8080, 8443, []]);
});

test("a slip in a variable's name is noticed, another program's variable is not", async () => {
  const { warnings } = await load(undefined, {
    BREAKWATER_HTTPS_PROT: "1",
    BREAKWATER_UNRELATED_THING: "2",
    HOSTNAME: "x",
  });
  expect(warnings).toEqual([
    "The environment variable BREAKWATER_HTTPS_PROT is not known. Did you mean BREAKWATER_HTTPS_PORT?",
  ]);
});

test("every key has a variable of its own", () => {
  expect(new Set(keyPaths.map(variableOf)).size).toBe(keyPaths.length);
});
