import { afterAll, beforeAll, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import type { CommandResult } from "../support/command.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { eventually } from "../support/eventually.ts";
import { missingFeeds, sharedFeed } from "../support/shared-feeds.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";
import { breakwater } from "./breakwater.ts";

let home: TemporaryDirectory;
/** A server that fetches feeds, and one that nothing reaches but what is carried to it. */
let outside: Breakwater;
let inside: Breakwater;
let trusted: string;

const feeds = {
  kev: { format: "kev", source: sharedFeed("kev.json"), schedule: "30d" },
  go: { format: "osv", source: sharedFeed("osv/Go/all.zip"), schedule: "30d" },
};

async function keyPair(name: string): Promise<string> {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  await writeFile(join(home.path, `${name}.key`), privateKey.export({ type: "pkcs8", format: "pem" }));
  await writeFile(join(home.path, `${name}.pub`), publicKey.export({ type: "spki", format: "pem" }));
  return join(home.path, `${name}.pub`);
}

function run(server: Breakwater | null, args: readonly string[], stdin = ""): Promise<CommandResult> {
  const config = server === null ? [] : ["--config", server.configFile];
  return breakwater(["feeds", ...args, ...config], { cwd: home.path, stdin });
}

describeUnless(missingFeeds(), "feeds", () => {
  beforeAll(async () => {
    home = await temporaryDirectory("feeds-cli");
    trusted = await keyPair("trusted");
    await keyPair("stranger");
    [outside, inside] = await Promise.all([
      startBreakwater({ config: { breakwater: { scan: { feeds } } } }),
      startBreakwater({ config: { breakwater: { scan: { trusted_keys: trusted } } } }),
    ]);
  });
  afterAll(async () => {
    for (const server of [outside, inside]) await server[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });

  const database = async (server: Breakwater) =>
    (await (await server.api("/vulnerability-database")).json()) as {
      version?: string;
      feeds: { name: string; records: number }[];
      update?: { status: string };
    };

  test("the server fetches by itself; the command line, the API and the metrics say the same", async () => {
    const told = await eventually(
      () => database(outside),
      ({ update }) => update?.status === "success",
    );
    expect(told.feeds).toMatchObject([
      { name: "kev", format: "kev", state: "enabled", stale: false, failures: 0, records: 1500, groups: [] },
      { name: "go", format: "osv", stale: false, groups: [{ ecosystem: "Go", dropped: false }] },
    ]);
    const { code, stdout, stderr } = await run(outside, ["list"]);
    expect([code, stderr]).toEqual([0, ""]);
    const lines = stdout.split("\n").map((line) => line.split(/ {2,}/));
    expect(lines[0]?.[0]).toStartWith(`Vulnerability database ${told.version?.slice(0, 12)}, made 20`);
    expect(lines[1]).toEqual([
      "FEED",
      "FORMAT",
      "STATE",
      "LAST SUCCESS",
      "LAST ATTEMPT",
      "AGE",
      "RECORDS",
      "COVERS",
    ]);
    expect(lines[2]?.slice(0, 3)).toEqual(["kev", "kev", "fresh"]);
    expect(lines[3]?.slice(-3)).toEqual(["0m", String(told.feeds[1]?.records), "Go"]);
    const { update, ...same } = told;
    expect(JSON.parse((await run(outside, ["list", "--json"])).stdout)).toEqual(same);
    expect((await run(outside, ["list", "--groups"])).stdout).toMatch(/^go +Go +\d+ .* fresh$/m);
    const metrics = await (await fetch(`http://127.0.0.1:${outside.metricsPort}/metrics`)).text();
    expect(metrics).toContain('breakwater_feed_records{feed="kev"} 1500\n');
    expect(metrics).toContain('breakwater_feed_stale{feed="go"} 0\n');
  });

  test("an update by hand, of those that are named or of all; nothing is done twice", async () => {
    const named = await run(outside, ["update", "kev"]);
    expect([named.code, named.stdout]).toEqual([
      0,
      "0 new, 1 unchanged, 0 failed.\nThe vulnerability database stays.\n",
    ]);
    expect((await run(outside, ["update"])).stdout).toBe("No feed is due. Name some, or say --all.\n");
    const unknown = await run(outside, ["update", "none"]);
    expect([unknown.code, unknown.stderr]).toEqual([
      1,
      'breakwater: "none": there is no feed of that name in the configuration.\n',
    ]);
  });

  test("over the API too, for who may have everything scanned", async () => {
    const post = (body: object, as?: { username: string; password: string }) =>
      outside.api(
        "/vulnerability-database/update",
        { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } },
        as,
      );
    expect((await post({ feeds: ["none"] })).status).toBe(400);
    expect((await post({ feeds: ["kev"] })).status).toBe(202);
    await eventually(
      () => database(outside),
      ({ update }) => update?.status === "success",
    );
    expect((await outside.fetch("/api/v2.0/vulnerability-database")).status).toBe(401);
    const user = { username: "alice", password: "Alice-12345" };
    const account = { ...user, email: "alice@example.com", realname: "Alice" };
    const headers = { "content-type": "application/json" };
    await outside.api("/users", { method: "POST", body: JSON.stringify(account), headers });
    expect((await outside.api("/vulnerability-database", {}, user)).status).toBe(403);
    expect((await post({}, user)).status).toBe(403);
  });

  test("a signed bundle goes over the gap as a file, while both servers run", async () => {
    expect((await run(inside, ["list"])).code).toBe(1);
    const exported = await run(outside, ["export", "b.tar", "--sign-key", "trusted.key"]);
    expect([exported.code, exported.stdout]).toEqual([
      0,
      "b.tar: the vulnerability database, signed in b.tar.sig.\n",
    ]);
    const imported = await run(inside, ["import", "b.tar"]);
    expect([imported.code, imported.stderr]).toEqual([0, ""]);
    expect(imported.stdout).toStartWith("Imported the vulnerability database ");
    expect((await database(inside)).version).toBe((await database(outside)).version);
    expect((await run(inside, ["list"])).stdout).toMatch(/^go +osv +fresh, imported /m);
  });

  test("one that is not signed, or by a stranger, is refused where keys are trusted", async () => {
    await run(outside, ["export", "u.tar"]);
    const unsigned = await run(inside, ["import", "u.tar"]);
    expect([unsigned.code, unsigned.stderr]).toEqual([
      1,
      expect.stringContaining("The bundle is not signed"),
    ]);
    await run(outside, ["export", "s.tar", "--sign-key", "stranger.key"]);
    expect((await run(inside, ["import", "s.tar"])).stderr).toContain("by none of the keys");
  });

  test("or through a registry: this one's own", async () => {
    const to = `oci://${outside.host}/library/vulndb:latest`;
    const { username, password } = outside.admin;
    const login = ["--username", username, "--password-stdin", "--ca-bundle", outside.caFile];
    const pushed = await run(
      outside,
      ["export", "--push", to, "--sign-key", "trusted.key", ...login],
      password,
    );
    expect([pushed.code, pushed.stderr]).toEqual([0, ""]);
    expect(pushed.stdout).toMatch(new RegExp(`^${to}@sha256:[0-9a-f]{64}\n$`));
    const nobody = await run(outside, ["export", "--push", to, "--ca-bundle", outside.caFile]);
    expect([nobody.code, nobody.stderr]).toEqual([
      1,
      expect.stringContaining("answers with 401. Name an account that may push there, with --username"),
    ]);
    const pulled = await run(inside, ["import", to, ...login], password);
    expect([pulled.code, pulled.stderr]).toEqual([0, ""]);
    const refused = await run(inside, ["import", to, "--ca-bundle", outside.caFile, "--key", "stranger.pub"]);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("by none of the keys")]);
  });

  test("a machine without a server makes the same bundle", async () => {
    const broken = { format: "osv", source: "/nowhere" };
    await writeFile(
      join(home.path, "feeds.yml"),
      stringify({ breakwater: { scan: { feeds: { ...feeds, broken } } } }),
    );
    const args = ["build", "--config", "feeds.yml", "--out", "built.tar", "--sign-key", "trusted.key"];
    const { code, stdout, stderr } = await run(null, args);
    expect([code, stderr]).toEqual([1, "broken: /nowhere cannot be read: there is nothing.\n"]);
    expect(stdout).toContain(`version ${(await database(outside)).version}.`);
    expect((await run(inside, ["import", "built.tar"])).stdout).toStartWith("Nothing to do: ");
  });

  test("fsck and garbage collection know what it is", async () => {
    const config = ["--config", inside.configFile];
    const checked = await breakwater(["fsck", "--grace", "0s", ...config], { cwd: home.path });
    expect([checked.code, checked.stdout]).toEqual([0, expect.stringContaining("Nothing is wrong.")]);
    await breakwater(["gc", "--grace", "0s", ...config], { cwd: home.path });
    expect((await run(inside, ["export", "again.tar"])).code).toBe(0);
  });

  test("wrong usage is exit code 2", async () => {
    for (const args of [
      ["update", "kev", "--all"],
      ["export"],
      ["export", "a", "--push", "oci://b/c"],
      ["import"],
    ]) {
      expect((await run(outside, args)).code).toBe(2);
    }
    expect((await run(inside, ["import", "oci://a/b", "--username", "x"])).code).toBe(2);
  });
});
