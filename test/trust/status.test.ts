import { describe, expect, test } from "bun:test";
import { day } from "../../src/kernel/index.ts";
import type { TrustStatus } from "../../src/trust/index.ts";
import { canonicalKeyId } from "../../src/trust/tuf/keys.ts";
import { delegation, ecdsaKey, keysOf, target } from "./author.ts";
import { gun, repository, Scene } from "./scene.ts";
import { caller } from "./trust-server.ts";

const digestOf = (content: string) =>
  `sha256:${Buffer.from(target(content).hashes.sha256, "base64").toString("hex")}`;

/** The status of a tag that points to a manifest with that content. */
async function statusOf(scene: Scene, tag: string, content: string): Promise<TrustStatus> {
  const [status] = await scene.trust.statuses.of(repository, [{ tag, digest: digestOf(content) }]);
  if (status === undefined) throw new Error("no status");
  return status;
}

const rolesOf = (status: TrustStatus) => ("signers" in status ? status.signers.map(({ role }) => role) : []);

describe("the trust status of a tag", () => {
  test("is unsigned where nothing is published, and for tags that nobody signed", async () => {
    await using scene = await Scene.open();
    expect(await statusOf(scene, "1.0", "one")).toEqual({ state: "unsigned" });
    await scene.begin({ targets: { "1.0": target("one") } });
    expect(await statusOf(scene, "2.0", "one")).toEqual({ state: "unsigned" });
    expect(await statusOf(scene, "__proto__", "one")).toEqual({ state: "unsigned" });
    await scene.trust.delete(caller, gun);
    expect(await statusOf(scene, "1.0", "one")).toEqual({ state: "unsigned" });
  });

  test("is signed: by whom, with which keys, until when", async () => {
    await using scene = await Scene.open();
    await scene.begin({ targets: { "1.0": target("one") } });
    const status = await statusOf(scene, "1.0", "one");
    expect(status).toMatchObject({ state: "signed", gun, digest: digestOf("one") });
    if (status.state !== "signed") throw new Error(status.state);
    expect(status.signers).toMatchObject([
      { role: "targets", keys: [canonicalKeyId(scene.author.targetsKey.public)] },
    ]);
    expect(status.until).toBeGreaterThan(Date.now() + 364 * day - 60_000);
    expect(status.until).toBeLessThan(Date.now() + 366 * day);
  });

  test("is tampered once the tag points to something else", async () => {
    await using scene = await Scene.open();
    await scene.begin({ targets: { "1.0": target("one") } });
    expect(await statusOf(scene, "1.0", "evil")).toMatchObject({
      state: "tampered",
      digest: digestOf("one"),
    });
  });

  test("is decided by targets/releases, then by targets, as Docker decides; other roles sign along", async () => {
    await using scene = await Scene.open();
    const [releases, alice] = [ecdsaKey(), ecdsaKey()];
    const roles = [
      delegation("targets/releases", releases.public),
      delegation("targets/alice", alice.public),
    ];
    await scene.begin({
      delegations: { keys: keysOf(releases.public, alice.public), roles },
      targets: { both: target("old"), top: target("top") },
    });
    const released = { both: target("new"), shared: target("shared") };
    const signedByAlice = { both: target("new"), shared: target("other"), alone: target("alone") };
    await scene.publish({
      "targets/releases": scene.targets({ targets: released }, releases),
      "targets/alice": scene.targets({ targets: signedByAlice }, alice),
    });
    const both = await statusOf(scene, "both", "new");
    expect([both.state, rolesOf(both)]).toEqual(["signed", ["targets/alice", "targets/releases"]]);
    expect((await statusOf(scene, "both", "old")).state).toBe("tampered");
    const top = await statusOf(scene, "top", "top");
    expect([top.state, rolesOf(top)]).toEqual(["signed", ["targets"]]);
    const shared = await statusOf(scene, "shared", "shared");
    expect([shared.state, rolesOf(shared)]).toEqual(["signed", ["targets/releases"]]);
    // Docker has "no valid trust data" for what only another role signed.
    expect(await statusOf(scene, "alone", "alone")).toEqual({ state: "unsigned" });
  });

  test("is unsigned again once the delegation is taken back, though its metadata is still listed", async () => {
    await using scene = await Scene.open();
    const releases = ecdsaKey();
    const roles = [delegation("targets/releases", releases.public)];
    await scene.begin({ delegations: { keys: keysOf(releases.public), roles } });
    await scene.publish({
      "targets/releases": scene.targets({ targets: { "1.0": target("one") } }, releases),
    });
    expect((await statusOf(scene, "1.0", "one")).state).toBe("signed");
    await scene.publish({ targets: scene.targets({ version: 2 }) });
    expect(await statusOf(scene, "1.0", "one")).toEqual({ state: "unsigned" });
    expect(Object.keys((await scene.signedPart("snapshot")).meta)).toContain("targets/releases");
  });

  test("is expired once the targets are, or the root, or its certificate", async () => {
    for (const shorter of ["targets", "root"] as const) {
      await using scene = await Scene.open();
      const expires = new Date(Date.now() + 20 * day).toISOString();
      const changes = (of: string) => (of === shorter ? { expires } : {});
      await scene.publish({
        root: scene.root(changes("root")),
        targets: scene.targets({ targets: { "1.0": target("one") }, ...changes("targets") }),
      });
      // The timestamp has expired by then, and is signed anew on the way.
      scene.harness.pass(19 * day);
      expect((await statusOf(scene, "1.0", "one")).state).toBe("signed");
      scene.harness.pass(2 * day);
      const status = await statusOf(scene, "1.0", "one");
      expect(status).toMatchObject({ state: "expired", until: Date.parse(expires) });
    }
  });

  test("passes over an expired delegation, as clients do", async () => {
    await using scene = await Scene.open();
    const releases = ecdsaKey();
    const roles = [delegation("targets/releases", releases.public)];
    await scene.begin({
      delegations: { keys: keysOf(releases.public), roles },
      targets: { "1.0": target("old") },
    });
    const expires = new Date(Date.now() + day).toISOString();
    const targets = { "1.0": target("new"), "2.0": target("new") };
    await scene.publish({ "targets/releases": scene.targets({ targets, expires }, releases) });
    expect((await statusOf(scene, "1.0", "new")).state).toBe("signed");
    scene.harness.pass(2 * day);
    const status = await statusOf(scene, "1.0", "old");
    expect([status.state, rolesOf(status)]).toEqual(["signed", ["targets"]]);
    expect((await statusOf(scene, "2.0", "new")).state).toBe("expired");
  });

  test("is tampered when somebody has changed what is stored", async () => {
    for (const role of ["root", "targets", "snapshot", "timestamp"]) {
      await using scene = await Scene.open();
      await scene.begin({ targets: { "1.0": target("one") } });
      const text = await scene.read(role);
      const content = Buffer.from(text.replace(/"version":1/, '"version":2'));
      await scene.harness.database.write((tx) =>
        tx
          .updateTable("tuf_metadata")
          .set({ content })
          .where("gun", "=", gun)
          .where("role", "=", role)
          .execute(),
      );
      const second = await scene.harness.another();
      const [status] = await second.statuses.of(repository, [{ tag: "1.0", digest: digestOf("one") }]);
      expect(status).toMatchObject({ state: "tampered", gun });
      expect(status).toHaveProperty("reason");
    }
  });

  test("is worked out for a thousand tags at once, also from what is remembered", async () => {
    await using scene = await Scene.open();
    const names = Array.from({ length: 1_000 }, (_, number) => `v${number}`);
    await scene.begin({ targets: Object.fromEntries(names.map((name) => [name, target(name)])) });
    const tags = names.map((tag) => ({ tag, digest: digestOf(tag) }));
    await scene.trust.statuses.of(repository, tags);
    const states = await scene.trust.statuses.of(repository, tags);
    expect(states.every(({ state }) => state === "signed")).toBe(true);
  });
});
