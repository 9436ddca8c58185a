import { afterAll, beforeAll, expect, test } from "bun:test";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mustRun } from "../support/command.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { uniqueName } from "../support/harbor.ts";
import { makeCertificate, missingNotary, NotaryServer } from "../trust/notary.ts";
import { failed, succeeded, type TrustPerson } from "./trust-person.ts";
import { startNotaryScene, type TrustScene } from "./trust-scene.ts";

/** The notary program, through the token service and with rights. */
describeUnless(missingNotary, "notary", () => {
  let scene: TrustScene;

  beforeAll(async () => {
    scene = await startNotaryScene();
  });

  afterAll(async () => {
    await scene[Symbol.asyncDispose]();
  });

  /** A project with its administrator, and a repository of it with one published target. */
  async function publish(): Promise<{ project: string; gun: string; owner: TrustPerson; file: string }> {
    const project = await scene.project();
    const gun = `${scene.host}/${project}/app`;
    const owner = await scene.person(project, "projectAdmin");
    const file = join(owner.home, "content");
    await writeFile(file, "hello");
    await succeeded(owner.notary("init", gun));
    await succeeded(owner.notary("add", gun, "1.0", file));
    await succeeded(owner.notary("publish", gun));
    return { project, gun, owner, file };
  }

  test("publishes, lists, looks up, verifies and removes", async () => {
    const { project, gun, owner, file } = await publish();
    const guest = await scene.person(project, "guest");
    expect(await succeeded(guest.notary("list", gun))).toMatch(/^1\.0\s+[0-9a-f]{64}\s+5\s+targets\s*$/m);
    expect(await succeeded(guest.notary("lookup", gun, "1.0"))).toMatch(/^1\.0 sha256:[0-9a-f]{64} 5$/m);
    await succeeded(guest.notary("verify", gun, "1.0", "--input", file));
    await writeFile(file, "other");
    expect(await failed(guest.notary("verify", gun, "1.0", "--input", file))).toContain("data not present");

    await succeeded(owner.notary("remove", gun, "1.0", "--publish"));
    expect(await succeeded(guest.notary("list", gun))).toContain("No targets present");
  });

  test("delegates to others, and no longer", async () => {
    const { project, gun, owner, file } = await publish();
    // Whoever has not the snapshot's key can publish only where the server has it.
    await succeeded(owner.notary("key", "rotate", gun, "snapshot", "--server-managed"));
    const delegate = await scene.person(project, "developer");
    const certificate = await delegationKey(delegate);
    await succeeded(
      owner.notary("delegation", "add", gun, "targets/releases", certificate, "--all-paths", "--publish"),
    );
    expect(await succeeded(delegate.notary("delegation", "list", gun))).toContain("targets/releases");

    await succeeded(delegate.notary("add", gun, "2.0", file, "--roles", "targets/releases", "--publish"));
    expect(await succeeded(owner.notary("list", gun))).toMatch(/^2\.0\s.*\stargets\/releases\s*$/m);
    expect(await failed(delegate.notary("add", gun, "3.0", file, "--publish"))).toContain(
      "could not find necessary signing keys",
    );
    await succeeded(delegate.notary("reset", gun, "--all"));
    await succeeded(delegate.notary("witness", gun, "targets/releases", "--publish"));

    await succeeded(owner.notary("delegation", "remove", gun, "targets/releases", "--yes", "--publish"));
    expect(await succeeded(owner.notary("list", gun))).not.toContain("2.0");
  });

  test("rotates every key, of the client's and of the server's, and back", async () => {
    const { project, gun, owner, file } = await publish();
    const guest = await scene.person(project, "guest");
    const rotations = [
      ["snapshot", "--server-managed"],
      ["timestamp", "--server-managed"],
      ["timestamp", "--server-managed"],
      ["targets"],
      ["root"],
      ["snapshot"],
      ["snapshot", "--server-managed"],
    ];
    for (const [index, rotation] of rotations.entries()) {
      await succeeded(owner.notary("key", "rotate", gun, ...rotation));
      await succeeded(owner.notary("add", gun, `after-${index}`, file, "--publish"));
      // One who has seen each of the roots, and one who sees the last one first.
      expect(await succeeded(guest.notary("list", gun))).toContain(`after-${index}`);
    }
    const newcomer = await scene.person(project, "guest");
    expect(await succeeded(newcomer.notary("list", gun))).toContain(`after-${rotations.length - 1}`);
  });

  test("lets only who administers the project delete trust data and have the server rotate its keys", async () => {
    const { project, gun, owner } = await publish();
    const developer = await scene.person(project, "developer");
    const remote = ["delete", gun, "--remote"];
    const rotation = ["key", "rotate", gun, "timestamp", "--server-managed"];
    for (const command of [remote, rotation]) {
      expect(await failed(developer.notary(...command))).toMatch(/not authorized|401/);
    }
    await succeeded(developer.notary("list", gun));

    await succeeded(owner.notary(...remote));
    const newcomer = await scene.person(project, "guest");
    expect(await failed(newcomer.notary("list", gun))).toContain("does not have trust data");
  });

  test("lets nobody publish who may not push, and nobody read who may not pull", async () => {
    const { project, gun } = await publish();
    const guest = await scene.person(project, "guest");
    const fresh = `${scene.host}/${project}/fresh`;
    expect(await failed(guest.notary("init", fresh, "--publish"))).toContain("401");
    for (const stranger of [await scene.person(project, null), await scene.anonymous()]) {
      expect(await failed(stranger.notary("list", gun))).toContain("401");
      expect(await failed(stranger.notary("init", fresh, "--publish"))).toContain("401");
    }
  });

  test("finds no trust data under hosts that are not this server's", async () => {
    const owner = await scene.person(await scene.project(), "projectAdmin");
    const gun = `registry.example.com/library/${uniqueName("app")}`;
    expect(await failed(owner.notary("init", gun, "--publish"))).toContain("401");
  });

  test("makes signatures last again, by whoever has their keys", async () => {
    const { project, gun, owner } = await publish();
    await succeeded(owner.notary("witness", gun, "targets", "--publish"));
    const guest = await scene.person(project, "guest");
    expect(await succeeded(guest.notary("list", gun))).toMatch(/^1\.0\s/m);
  });

  test("moves to this server from another, as docs/content-trust.md says", async () => {
    const { project, gun, owner } = await publish();
    const moved = `${scene.host}/${project}/moved`;
    const certificate = await makeCertificate(owner.home);
    await using other = await NotaryServer.start(certificate);
    const there = ["-s", other.url, "--tlscacert", certificate.certificate];
    const hash = /[0-9a-f]{64}/.exec(await succeeded(owner.notary("list", gun)))?.[0] ?? "none";
    await succeeded(owner.notary("init", moved, ...there));
    for (const tag of ["1.0", "1.1"]) {
      await succeeded(owner.notary("addhash", moved, tag, "5", "--sha256", hash, ...there));
    }
    await succeeded(owner.notary("publish", moved, ...there));
    const reader = await scene.person(project, "guest");
    const old = await succeeded(reader.notary("list", moved, ...there));

    await rm(join(owner.home, ".docker/trust/tuf", moved), { recursive: true });
    await succeeded(owner.notary("init", moved));
    for (const [, tag = "", digest = "", size = ""] of old.matchAll(/^(\S+)\s+([0-9a-f]{64})\s+(\d+)/gm)) {
      await succeeded(owner.notary("addhash", moved, tag, size, "--sha256", digest));
    }
    await succeeded(owner.notary("publish", moved));

    expect(await failed(reader.notary("list", moved))).toContain(
      "could not rotate trust to a new trusted root",
    );
    await rm(join(reader.home, ".docker/trust/tuf", moved), { recursive: true });
    expect(await succeeded(reader.notary("list", moved))).toBe(old);
  });
});

/** A key of the person's own, and the certificate by which others delegate to it. */
async function delegationKey(person: TrustPerson): Promise<string> {
  const [certificate, key] = [join(person.home, "own.crt"), join(person.home, "own.key")];
  await mustRun([
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-keyout", key, "-out", certificate, "-days", "400", "-subj", "/CN=delegate"],
  ]);
  await succeeded(person.notary("key", "import", key, "--role", "delegate"));
  return certificate;
}
