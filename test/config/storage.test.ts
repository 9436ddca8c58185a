import { describe, expect, test } from "bun:test";
import { stringify } from "yaml";
import { describeConfig } from "../../src/config/index.ts";
import { load, refusalOf } from "./support.ts";

/** As an operator of Harbor has it, whose file passes the keys on to Docker Distribution. */
const harborFile = `
hostname: reg.example.com
https: {port: 443}
storage_service:
  ca_bundle: ca.crt
  s3:
    accesskey: AKIAEXAMPLE
    secretkey: not-to-be-seen
    sessiontoken: nor-this
    region: eu-west-1
    regionendpoint: minio.corp.example:9000
    bucket: harbor
    encrypt: true
    keyid: key-1
    secure: true
    skipverify: false
    v4auth: true
    chunksize: 5242880
    multipartcopychunksize: 33554432
    multipartcopymaxconcurrency: 100
    multipartcopythresholdsize: 33554432
    rootdirectory: /some/folder/
    storageclass: STANDARD_IA
  redirect:
    disable: false
breakwater:
  redirect: {endpoint: "https://images.example.com", networks: "10.0.0.0/8, fd00::/8", expires_in: 5m}
`;

describe("storage_service", () => {
  test("with s3 means what it means to Harbor", async () => {
    const { config, warnings, cwd } = await load(harborFile, {}, ["ca.crt"]);
    expect(config.storage).toEqual({
      driver: "s3",
      s3: {
        bucket: "harbor",
        region: "eu-west-1",
        endpoint: "https://minio.corp.example:9000",
        forcePathStyle: true,
        credentials: {
          accessKeyId: "AKIAEXAMPLE",
          secretAccessKey: "not-to-be-seen",
          sessionToken: "nor-this",
        },
        rootDirectory: "some/folder",
        accelerate: false,
        dualStack: false,
        caBundle: `${cwd}/ca.crt`,
        skipVerify: false,
        chunkSize: 5_242_880,
        copyConcurrency: 100,
        encryption: { kmsKey: "key-1" },
        storageClass: "STANDARD_IA",
        acl: null,
        userAgent: null,
        redirect: {
          endpoint: "https://images.example.com",
          networks: ["10.0.0.0/8", "fd00::/8"],
          except: [],
          lifetime: 300,
        },
      },
    });
    expect(warnings).toEqual([
      "test.yml: these keys of Harbor's do not apply to Breakwater: storage_service.s3.multipartcopychunksize, storage_service.s3.multipartcopythresholdsize.",
    ]);
  });

  test("is printed without its secrets, as a file that means the same", async () => {
    const { config } = await load(harborFile.replace("  ca_bundle: ca.crt\n", ""));
    const printed = stringify(describeConfig(config));
    expect(printed).not.toMatch(/AKIAEXAMPLE|not-to-be-seen|nor-this/);
    const { config: again } = await load(printed);
    const mask = "********";
    const credentials = { accessKeyId: mask, secretAccessKey: mask, sessionToken: mask };
    expect(again.storage).toEqual(
      config.storage.driver === "s3"
        ? { driver: "s3", s3: { ...config.storage.s3, credentials } }
        : config.storage,
    );
  });

  test("takes keys from the machine, Amazon's own service, and no redirects, unless told", async () => {
    const { config } = await load("storage_service: {s3: {bucket: images, region: us-west-2}}");
    expect(config.storage).toMatchObject({
      driver: "s3",
      s3: { credentials: null, endpoint: null, forcePathStyle: false, encryption: null, redirect: null },
    });
  });

  test("with azure means what it means to Harbor, and is printed without the key", async () => {
    const azure =
      "accountname: images, accountkey: bm90LXNlZW4=, container: harbor, rootdirectory: /some/folder/";
    const { config } = await load(`storage_service: {azure: {${azure}, realm: core.chinacloudapi.cn}}`);
    expect(config.storage).toEqual({
      driver: "azure",
      azure: {
        account: "images",
        accountKey: "bm90LXNlZW4=",
        container: "harbor",
        endpoint: "https://images.blob.core.chinacloudapi.cn",
        rootDirectory: "some/folder",
        caBundle: null,
        chunkSize: 10 * 2 ** 20,
        redirect: null,
      },
    });
    const printed = stringify(describeConfig(config));
    expect(printed).not.toContain("bm90LXNlZW4=");
    const { config: again } = await load(printed);
    expect(again.storage).toMatchObject({ azure: { endpoint: "https://images.blob.core.chinacloudapi.cn" } });
    const { config: own } = await load(
      `storage_service: {azure: {${azure}, serviceurl: "http://127.0.0.1:1/a/"}}`,
    );
    expect(own.storage).toMatchObject({ azure: { endpoint: "http://127.0.0.1:1/a" } });
  });

  test("with gcs means what it means to Harbor, and is printed without the key", async () => {
    const gcs = "bucket: harbor, rootdirectory: /some/folder/, chunksize: 5242880, maxconcurrency: 50";
    const credentials = "credentials: {type: service_account, private_key: not-to-be-seen}";
    const { config, warnings } = await load(`storage_service: {gcs: {${gcs}, ${credentials}}}`);
    const json = '{"type":"service_account","private_key":"not-to-be-seen"}';
    const expected = {
      bucket: "harbor",
      endpoint: "https://storage.googleapis.com",
      key: { json },
      rootDirectory: "some/folder",
      caBundle: null,
      chunkSize: 5_242_880,
      redirect: null,
    };
    expect(config.storage).toEqual({ driver: "gcs", gcs: expected });
    expect(warnings).toEqual([
      "test.yml: these keys of Harbor's do not apply to Breakwater: storage_service.gcs.maxconcurrency.",
    ]);
    const printed = stringify(describeConfig(config));
    expect(printed).not.toContain("not-to-be-seen");
    const { config: again } = await load(printed);
    expect(again.storage).toEqual({ driver: "gcs", gcs: { ...expected, key: { json: "********" } } });

    const own =
      '{storage_service: {gcs: {bucket: harbor, keyfile: key.json}}, breakwater: {gcs: {endpoint: "http://[::1]:1"}}}';
    const { config: private_, cwd } = await load(own);
    const key = { file: `${cwd}/key.json` };
    expect(private_.storage).toMatchObject({ gcs: { key, endpoint: "http://[::1]:1" } });
  });

  test("may come from the environment alone", async () => {
    const { config } = await load(undefined, {
      BREAKWATER_STORAGE_SERVICE_S3_BUCKET: "images",
      BREAKWATER_STORAGE_SERVICE_S3_REGIONENDPOINT: "http://127.0.0.1:9000",
    });
    expect(config.storage).toMatchObject({
      driver: "s3",
      s3: { bucket: "images", endpoint: "http://127.0.0.1:9000" },
    });
  });

  test.each([
    ["s3: {region: us-east-1}", "storage_service.s3.bucket: expected a bucket's name, found nothing"],
    ["s3: {bucket: a b}", "storage_service.s3.bucket (test.yml:1): expected a bucket's name"],
    ["s3: {bucket: images, accesskey: x}", "storage_service.s3.secretkey: expected a key"],
    ["s3: {bucket: images, chunksize: 1M}", "expected a number of bytes such as 10M, from 5M to 256M"],
    ["s3: {bucket: images, v4auth: false}", "storage_service.s3.v4auth (test.yml:1): expected true"],
    ["s3: {bucket: images, regionendpoint: 'http://a/b'}", "expected https://HOST, https://HOST:PORT"],
    ["s3: {bucket: images}, ca_bundle: /nowhere", "expected a file in PEM form that can be read"],
    ["oss: {bucket: images}", "expected storage_service.filesystem, azure, gcs or s3"],
    ["gcs: {keyfile: key.json}", "storage_service.gcs.bucket: expected a bucket's name, found nothing"],
    ["gcs: {bucket: images, chunksize: 1K}", "expected a number of bytes such as 10M, from 256K to 256M"],
    ["azure: {accountname: images, accountkey: a}", "storage_service.azure.container: expected a container"],
    ["azure: {container: a}", "storage_service.azure.accountname: expected a storage account's name"],
    [
      "azure: {credentials: {type: client_secret}}",
      "storage_service.azure.credentials.type (test.yml:1): expected one of shared_key",
    ],
  ])("%s is refused", async (yaml, message) => {
    expect(await refusalOf(`storage_service: {${yaml}}`)).toContain(message);
  });

  test("never shows a wrong secret", async () => {
    const yaml = "storage_service: {s3: {bucket: images, chunksize: x, secretkey: [s3cr3t]}}";
    expect(await refusalOf(yaml)).not.toContain("s3cr3t");
  });

  test("networks are checked", async () => {
    expect(await refusalOf("breakwater: {redirect: {networks: 10.0.0.0/33}}")).toContain(
      "breakwater.redirect.networks (test.yml:1): expected networks separated by commas",
    );
  });
});
