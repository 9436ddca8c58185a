import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { CommandResult } from "../support/command.ts";
import { makeImage } from "../support/image.ts";
import { openInstallation, pushImage } from "../support/installation.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";
import { Signer } from "../trust/signer.ts";
import { breakwater } from "./breakwater.ts";

let directory: TemporaryDirectory;
let good: string;
let evil: string;
let gun: string;
let key: string;
const env = { BREAKWATER_EXTERNAL_URL: "https://registry.example:8443" };

beforeAll(async () => {
  directory = await temporaryDirectory("trust");
  await using services = await openInstallation(directory.path, env);
  const [image, other] = [await makeImage({ layers: 1 }), await makeImage({ layers: 1 })];
  [good, evil] = [image.manifest.digest, other.manifest.digest];
  for (const name of ["library/app", "library/fine", "library/plain"]) {
    await pushImage(services, name, image, "1.0", "2.0");
  }
  gun = "registry.example:8443/library/app";
  const signer = await Signer.create(services.trust, gun);
  key = signer.author.targetsKey.public.id;
  await signer.sign({ "1.0": good, "3.0": good });
  await pushImage(services, "library/app", other, "3.0");
  const fine = await Signer.create(services.trust, "registry.example:8443/library/fine");
  await fine.sign({ "1.0": good });
});
afterAll(() => directory[Symbol.asyncDispose]());

function run(...args: readonly string[]): Promise<CommandResult> {
  const all = { ...env, BREAKWATER_DATA_VOLUME: directory.path };
  return breakwater(["trust", ...args], { cwd: directory.path, env: all });
}

describe("trust list", () => {
  test("counts the tags of each repository that is signed; exit code 1 while one is tampered with", async () => {
    const { code, stdout, stderr } = await run("list");
    expect([code, stderr]).toEqual([1, ""]);
    expect(stdout).toBe(
      [
        "REPOSITORY    SIGNED  UNSIGNED  TAMPERED  EXPIRED",
        "library/app   1       1         1         0",
        "library/fine  1       1         0         0",
        "",
      ].join("\n"),
    );
    expect(JSON.parse((await run("list", "--json")).stdout).repositories[0]).toEqual({
      name: "library/app",
      tags: { signed: 1, unsigned: 1, tampered: 1, expired: 0 },
    });
  });

  test("with --all, of the others too: what content trust would refuse is among them", async () => {
    const { code, stdout } = await run("list", "--all");
    expect(code).toBe(1);
    expect(stdout).toContain("library/fine   1       1         0         0\n");
    expect(stdout).toContain("library/plain  0       2         0         0\n");
  });

  test("says which installation has nothing signed", async () => {
    await using other = await temporaryDirectory("trust-none");
    await (await openInstallation(other.path, env))[Symbol.asyncDispose]();
    const { code, stdout } = await breakwater(["trust", "list"], {
      cwd: other.path,
      env: { ...env, BREAKWATER_DATA_VOLUME: other.path },
    });
    expect([code, stdout]).toEqual([
      0,
      `Nobody has published trust data in the registry in ${other.path}.\n`,
    ]);
  });

  test("lists a repository's tags", async () => {
    const { code, stdout } = await run("list", "library/app");
    expect(code).toBe(1);
    const lines = stdout.split("\n").map((line) => line.split(/ {2,}/));
    expect(lines[0]).toEqual(["TAG", "STATUS", "DIGEST", "SIGNERS", "UNTIL"]);
    expect(lines.slice(1, 4).map((line) => line.slice(0, 4))).toEqual([
      ["1.0", "signed", good, "targets"],
      ["2.0", "unsigned", good],
      ["3.0", "tampered", evil, "targets"],
    ]);
    const { tags } = JSON.parse((await run("list", gun, "--json")).stdout);
    expect(tags).toMatchObject([
      { name: "1.0", digest: good, signed: true, trust: { status: "signed", signers: [{ keys: [key] }] } },
      { name: "2.0", signed: false, trust: { status: "unsigned" } },
      { name: "3.0", signed: false, trust: { status: "tampered", digest: good } },
    ]);
    expect((await run("list", "library/fine")).code).toBe(0);
    expect((await run("list", "library/plain")).code).toBe(0);
  });

  test("knows no strangers", async () => {
    const { code, stderr } = await run("list", "library/absent");
    expect([code, stderr]).toEqual([
      1,
      'breakwater: There is no repository "library/absent". Check its name.\n',
    ]);
  });
});

describe("trust inspect", () => {
  test("tells everything of a tag; exit code 0 for what is signed only", async () => {
    const { code, stdout } = await run("inspect", "library/app:1.0");
    expect(code).toBe(0);
    for (const part of ["library/app:1.0\n", "signed", good, gun, "targets, published ", key, "allowed"]) {
      expect(stdout).toContain(part);
    }
    const tampered = await run("inspect", `${gun}:3.0`);
    expect(tampered.code).toBe(1);
    for (const part of ["tampered", good, evil]) expect(tampered.stdout).toContain(part);
    expect((await run("inspect", "library/app:2.0")).code).toBe(1);
    const json = JSON.parse((await run("inspect", "library/app:3.0", "--json")).stdout);
    expect(json).toMatchObject({
      repository: "library/app",
      tag: "3.0",
      digest: evil,
      trust: { status: "tampered", digest: good },
      verdict: { allowed: true, obstacles: [] },
    });
    const byDigest = await run("inspect", `library/app@${good}`);
    expect([byDigest.code, byDigest.stdout]).toEqual([0, expect.stringContaining(`library/app@${good}\n`)]);
    const absent = await run("inspect", "library/app:absent");
    expect([absent.code, absent.stderr]).toEqual([1, expect.stringContaining('no artifact "absent"')]);
  });

  test("tells of a repository who signs, with which keys, and until when", async () => {
    const { code, stdout } = await run("inspect", "library/app");
    expect(code).toBe(1);
    expect(stdout).toContain("library/app: 1 tag signed, 1 tag unsigned, 1 tag tampered\n");
    expect(stdout).toMatch(new RegExp(`targets +\\d{4}-\\d\\d-\\d\\d +2 +${key.slice(0, 12)}`));
    const json = JSON.parse((await run("inspect", "library/fine", "--json")).stdout);
    expect(json.published).toMatchObject([{ roles: [{ role: "root" }, { role: "targets", targets: 1 }] }]);
    const plain = await run("inspect", "library/plain");
    expect([plain.code, plain.stdout]).toEqual([
      0,
      "library/plain: 2 tags unsigned\nNobody has published trust data of it.\n",
    ]);
  });

  test("wrong usage is exit code 2", async () => {
    expect((await run("inspect")).code).toBe(2);
    expect((await run("inspect", "library/app", "more")).code).toBe(2);
  });
});
