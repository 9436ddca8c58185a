import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { blobKey, tagLinkKey } from "../../src/blobs/index.ts";
import type { Digest } from "../../src/kernel/index.ts";
import type { CommandResult } from "../support/command.ts";
import { content, type Image, makeImage, randomBytes } from "../support/image.ts";
import { openInstallation, openRooms, pushBlob, pushImage } from "../support/installation.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";
import { breakwater } from "./breakwater.ts";

let directory: TemporaryDirectory;
let image: Image;

beforeAll(async () => {
  directory = await temporaryDirectory("maintenance");
  await using services = await openInstallation(directory.path);
  image = await makeImage({ layers: 1 });
  await pushImage(services, "library/app", image, "v1");
});
afterAll(() => directory[Symbol.asyncDispose]());

function run(args: readonly string[], stdin?: string): Promise<CommandResult> {
  const env = { BREAKWATER_DATA_VOLUME: directory.path };
  return breakwater(args, { cwd: directory.path, env, ...(stdin === undefined ? {} : { stdin }) });
}

const file = (key: string) => join(directory.path, "registry", key);

describe("fsck", () => {
  const link = () => file(tagLinkKey("library/app", "v1"));

  test("says that nothing is wrong, and what it looked at", async () => {
    const { code, stdout, stderr } = await run(["fsck", "--deep"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^Looked at 3 blobs, .*1 tag,.*\nNothing is wrong\.\n$/);
  });

  test("exit code 1 while something is wrong, 0 once it is repaired", async () => {
    await rm(link());
    const found = await run(["fsck"]);
    expect(found.code).toBe(1);
    expect(found.stdout).toContain("library/app/_manifests/tags/v1/current/link is not there.");
    expect(found.stdout).toContain("A repair writes it from the database.");
    expect(found.stdout).toContain("repaired 0, left 1.");
    const repaired = await run(["fsck", "--repair"]);
    expect([repaired.code, existsSync(link())]).toEqual([0, true]);
    expect(repaired.stdout).toMatch(/Repaired\.\n.*repaired 1, left 0\.\n$/s);
  });

  test("prints one JSON document", async () => {
    expect(JSON.parse((await run(["fsck", "--json"])).stdout)).toMatchObject({
      findings: [],
      summary: { found: 0 },
    });
    await writeFile(link(), "nonsense");
    const { code, stdout } = await run(["fsck", "--json", "--repair"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      findings: [{ kind: "link-wrong", severity: "drift", repaired: true }],
      summary: { examined: { blobs: 3, tags: 1 }, found: 1, repaired: 1, left: 0 },
    });
  });

  test("keeps content that the database does not know, unless told otherwise", async () => {
    const stray = content("", randomBytes(10));
    await Bun.write(file(blobKey(stray.digest as Digest)), stray.bytes);
    expect((await run(["fsck", "--repair", "--grace", "0s"])).code).toBe(1);
    expect((await run(["fsck", "--repair", "--grace", "0s", "--discard-unknown"])).code).toBe(0);
    const { code, stderr } = await run(["fsck", "--discard-unknown"]);
    expect(code).toBe(2);
    expect(stderr).toContain("does nothing without '--repair'");
  });
});

describe("gc", () => {
  beforeEach(async () => {
    await using services = await openRooms(directory.path);
    await pushBlob(services, "library/app", content("", new TextEncoder().encode("nobody's")));
  });

  test("says what it would delete, then deletes it", async () => {
    const dry = await run(["gc", "--grace", "0s", "--dry-run"]);
    expect(dry.code).toBe(0);
    expect(dry.stdout).toContain("1 blob would be deleted, 8 bytes would be freed.");
    expect((await run(["gc"])).stdout).toContain("There is nothing that no manifest has named for 2h.");
    const report = JSON.parse((await run(["gc", "--grace", "0s", "--json"])).stdout);
    expect(report).toMatchObject({ dryRun: false, grace: 0, unlinked: 1, deleted: 1, freed: 8 });
    expect((await run(["fsck", "--deep", "--grace", "0s"])).code).toBe(0);
  });
});

describe("admin reset-password", () => {
  async function canLogIn(password: string): Promise<boolean> {
    await using services = await openRooms(directory.path);
    return (await services.access.users.authenticate("admin", password)) !== null;
  }

  test("makes one up and prints it", async () => {
    const { code, stdout } = await run(["admin", "reset-password"]);
    expect(code).toBe(0);
    const password = /\(shown once\): (\S+)\n$/.exec(stdout)?.[1] ?? "";
    expect(await canLogIn(password)).toBe(true);
    expect(await canLogIn("Harbor12345")).toBe(false);
  });

  test("takes one from the standard input, and no weak one", async () => {
    const { code, stdout } = await run(
      ["admin", "reset-password", "admin", "--password-stdin"],
      "Trustworthy1\n",
    );
    expect([code, stdout]).toEqual([0, 'The password of "admin" was changed.\n']);
    expect(await canLogIn("Trustworthy1")).toBe(true);
    const weak = await run(["admin", "reset-password", "--password-stdin"], "short");
    expect(weak.code).toBe(1);
    expect(weak.stderr).toContain("8 to 128 characters");
  });

  test("knows no strangers", async () => {
    const { code, stderr } = await run(["admin", "reset-password", "mallory"]);
    expect([code, stderr]).toEqual([1, 'breakwater: There is no user "mallory".\n']);
  });
});

test.each([[["fsck"]], [["gc"]], [["admin", "reset-password"]]])(
  "%p makes no data where there is none",
  async (args) => {
    await using empty = await temporaryDirectory("empty");
    const { code, stderr } = await breakwater(args, { cwd: empty.path });
    expect(code).toBe(1);
    expect(stderr).toContain("There is no registry in");
    expect(existsSync(join(empty.path, "data"))).toBe(false);
  },
);
