import { expect, test } from "bun:test";
import { day } from "../../src/kernel/index.ts";
import { TrustRefusal } from "../../src/trust/index.ts";
import { parseEnvelope } from "../../src/trust/tuf/envelope.ts";
import { describeOnEngines } from "../support/engines.ts";
import { certifiedKey, keysOf, roleOf, signed, target } from "./author.ts";
import { gun, parseKey, refused, Scene } from "./scene.ts";
import { caller } from "./trust-server.ts";

describeOnEngines("a trusted repository", (open) => {
  test("is not found by a hash that reads like a version's number", async () => {
    await using scene = await Scene.open(open);
    await scene.begin();
    const digits = "1".padStart(64, "0");
    expect(await scene.read("root", { kind: "version", version: digits })).toBe(await scene.read("root"));
    expect(await refused(scene.read("root", { kind: "sha256", sha256: digits }))).toContain(
      "METADATA_NOT_FOUND",
    );
  });

  test("is served byte by byte as it was published", async () => {
    await using scene = await Scene.open(open);
    // White space and members that nobody knows are part of what was hashed.
    const text = Buffer.from(scene.targets()).toString();
    const targets = Buffer.from(text.replace('"signatures"', ' "unknown" : 1,\n"signatures"'));
    const root = scene.root();
    await scene.publish({ root, targets });
    expect(await scene.read("root")).toBe(Buffer.from(root).toString());
    expect(await scene.read("targets")).toBe(targets.toString());
    expect(await scene.read("targets", { kind: "version", version: "1" })).toBe(targets.toString());
    const snapshot = await scene.signedPart("snapshot");
    expect(snapshot.meta.targets?.length).toBe(targets.length);
  });

  test("nothing of an upload is there when a part of it is refused", async () => {
    await using scene = await Scene.open(open);
    const wrong = scene.targets({ version: 0 });
    expect(await refused(scene.publish({ root: scene.root(), targets: wrong }))).toContain("INVALID_UPDATE");
    for (const role of ["root", "timestamp", "snapshot"]) {
      expect(await refused(scene.read(role))).toContain("METADATA_NOT_FOUND");
    }
    expect(await scene.trust.journal.changes({ gun, after: 0, limit: 10, backwards: false })).toEqual([]);
  });

  test("of many who publish at once, in two processes, one wins each time; the others get VERSION", async () => {
    await using scene = await Scene.open(open);
    const second = await scene.harness.another();
    await scene.begin();
    for (let version = 2; version < 6; version++) {
      const attempts = Array.from({ length: 6 }, (_, number) =>
        scene.publish(
          { targets: scene.targets({ version, targets: { [`from-${number}`]: target("x") } }) },
          number % 2 === 0 ? scene.trust : second,
        ),
      );
      const results = await Promise.allSettled(attempts);
      expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      for (const result of results) {
        if (result.status === "fulfilled") continue;
        expect(result.reason).toBeInstanceOf(TrustRefusal);
        expect(result.reason.code).toBe("VERSION");
      }
      expect((await scene.signedPart("timestamp", second)).version).toBe(version);
    }
  });

  test("who publishes against what was deleted and begun again meanwhile gets VERSION", async () => {
    await using scene = await Scene.open(open);
    const second = await scene.harness.another();
    await scene.begin();
    const [publishing] = await Promise.allSettled([
      scene.publish({ targets: scene.targets({ version: 2 }) }),
      (async () => {
        await second.delete(caller, gun);
        await scene.publish({ root: scene.root(), targets: scene.targets({ version: 7 }) }, second);
      })(),
    ]);
    // Whoever came first, what is there now is whole.
    const targets = await scene.signedPart("targets");
    const root = await scene.signedPart("root");
    expect(root.version).toBe(1);
    expect([2, 7]).toContain(targets.version);
    if (publishing.status === "rejected") expect(publishing.reason.code).toMatch(/VERSION|INVALID_UPDATE/);
  });

  test("what one process publishes the other serves at once", async () => {
    await using scene = await Scene.open(open);
    const second = await scene.harness.another();
    await scene.begin();
    expect((await scene.signedPart("timestamp", second)).version).toBe(1);
    await scene.publish({ targets: scene.targets({ version: 2 }) });
    expect((await scene.signedPart("timestamp", second)).version).toBe(2);
    await scene.trust.delete(caller, gun);
    expect(await refused(scene.read("timestamp", { kind: "current" }, second))).toContain(
      "METADATA_NOT_FOUND",
    );
    expect(await refused(scene.read("root", { kind: "version", version: "1" }, second))).toContain(
      "METADATA_NOT_FOUND",
    );
  });

  test("is renewed once snapshot or timestamp have expired, by one of those who ask", async () => {
    await using scene = await Scene.open(open);
    const second = await scene.harness.another();
    await scene.begin();
    const before = await scene.read("timestamp");
    scene.harness.pass(13 * day);
    expect(await scene.read("timestamp")).toBe(before);
    scene.harness.pass(2 * day);
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, number) =>
        scene.read("timestamp", { kind: "current" }, number % 2 === 0 ? scene.trust : second),
      ),
    );
    expect(new Set(answers).size).toBe(1);
    expect((await scene.signedPart("timestamp")).version).toBe(2);
    expect((await scene.signedPart("snapshot")).version).toBe(1);
  });

  test("is renewed with its snapshot, which lists what it listed", async () => {
    await using scene = await Scene.open(open);
    const late = await certifiedKey({ commonName: gun, notAfter: new Date(Date.now() + 3650 * day) });
    const { targetsKey } = scene.author;
    const keys = keysOf(late.public, targetsKey.public, scene.snapshotKey, scene.timestampKey);
    const lasting = { keys, roles: scene.roles({ root: roleOf(late.public) }) };
    const expires = new Date(Date.now() + 3650 * day).toISOString();
    await scene.publish({ root: scene.root({ ...lasting, expires }, late), targets: scene.targets() });
    const before = await scene.signedPart("snapshot");
    scene.harness.pass(3 * 365 * day + day);
    const after = await scene.signedPart("snapshot");
    expect(after.version).toBe(2);
    expect(after.meta).toEqual(before.meta);
    expect((await scene.signedPart("timestamp")).version).toBe(2);
  });

  test("is not renewed once the root has expired too: the root is served, the timestamp is not", async () => {
    await using scene = await Scene.open(open);
    await scene.begin();
    scene.harness.pass(2 * 365 * day);
    expect(await refused(scene.read("timestamp"))).toContain("UNKNOWN");
    expect(await scene.read("root")).toContain('"_type":"Root"');
  });

  test("without the key of an expired snapshot nothing is signed, and it is said which is missing", async () => {
    await using scene = await Scene.open(open);
    const own = scene.author.snapshotKey;
    const keys = keysOf(
      scene.author.rootKey.public,
      scene.author.targetsKey.public,
      own.public,
      scene.timestampKey,
    );
    const root = scene.root({ keys, roles: scene.roles({ snapshot: roleOf(own.public) }) });
    const targets = scene.targets();
    const expires = new Date(Date.now() + day).toISOString();
    await scene.publish({
      root,
      targets,
      snapshot: signed(scene.author.snapshot({ root, targets }, { expires }), own),
    });
    scene.harness.pass(2 * day);
    const error = await scene.read("timestamp", { kind: "current" }).catch((thrown) => thrown);
    expect(error).toMatchObject({
      code: "UNKNOWN",
      detail: { FoundKeys: 0, NeededKeys: 1, MissingKeyIDs: [own.public.id] },
    });
  });

  test("keeps its keys when it is deleted, and takes the same root again", async () => {
    await using scene = await Scene.open(open);
    await scene.begin();
    await scene.trust.delete(caller, gun);
    await scene.begin();
    expect((await scene.signedPart("timestamp")).version).toBe(1);
    const changes = await scene.trust.journal.changes({ gun, after: 0, limit: 10, backwards: false });
    expect(changes.map(({ category, version }) => [category, version])).toEqual([
      ["update", 1],
      ["deletion", 0],
      ["update", 1],
    ]);
  });

  test("deleting one leaves alone those whose names begin alike", async () => {
    await using scene = await Scene.open(open);
    await scene.begin();
    await scene.trust.delete(caller, gun.slice(0, -1));
    expect((await scene.signedPart("timestamp")).version).toBe(1);
  });

  test("the server's keys: asked for, given out again until they are used, rotated by a root that names them", async () => {
    await using scene = await Scene.open(open);
    const second = await scene.harness.another();
    const key = async (trust = scene.trust) => parseKey(await trust.key(gun, "timestamp")).id;
    const rotate = async () => parseKey(await scene.trust.rotateKey(caller, gun, "timestamp"));
    const asked = await Promise.all([key(), key(second), key(), key(second)]);
    expect(new Set(asked).size).toBe(1);
    await scene.begin();
    const next = await rotate();
    expect((await rotate()).id).toBe(next.id);
    expect(next.id).not.toBe(scene.timestampKey.id);
    expect(await key()).toBe(scene.timestampKey.id);
    const { rootKey, targetsKey } = scene.author;
    const keys = keysOf(rootKey.public, targetsKey.public, scene.snapshotKey, next);
    await scene.publish({
      root: scene.root({ version: 2, keys, roles: scene.roles({ timestamp: roleOf(next) }) }),
    });
    expect(await key()).toBe(next.id);
    expect((await rotate()).id).not.toBe(next.id);
    const { signatures } = parseEnvelope(Buffer.from(await scene.read("timestamp")));
    expect(signatures.map(({ keyId }) => keyId)).toEqual([next.id]);
  });

  test("private keys are not in the database as they are, and of no use without the installation's secret", async () => {
    await using scene = await Scene.open(open);
    await scene.begin();
    const rows = await scene.harness.database.read.selectFrom("tuf_key").selectAll().execute();
    expect(rows).toHaveLength(2);
    for (const row of rows) {
      // RFC 8410, section 7: what every Ed25519 private key begins with.
      expect(Buffer.from(row.private).includes(Buffer.from("302e020100300506032b6570", "hex"))).toBe(false);
    }
    const stranger = await scene.harness.another(new Uint8Array(64).fill(9));
    const publishing = scene.publish({ targets: scene.targets({ version: 2 }) }, stranger);
    expect(publishing).rejects.toThrow();
    await publishing.catch(() => {});
    expect((await scene.signedPart("timestamp")).version).toBe(1);
  });

  test("is written down: who published what, who deleted it, who asked for a new key", async () => {
    await using scene = await Scene.open(open);
    await scene.begin();
    await scene.trust.rotateKey(caller, gun, "snapshot");
    await scene.trust.delete(caller, gun);
    const rows = await scene.harness.database.read
      .selectFrom("audit_log")
      .select(["operation", "resource_type", "resource", "actor", "detail"])
      .orderBy("id")
      .execute();
    expect(rows.map((row) => [row.operation, row.resource_type, row.resource, row.actor])).toEqual(
      ["sign", "rotate", "delete"].map((operation) => [operation, "trust", gun, "alice"]),
    );
    expect(rows[0]?.detail).toBe("Published: root 1, targets 1, snapshot 1, timestamp 1");
  });
});
