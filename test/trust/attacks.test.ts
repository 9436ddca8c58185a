import { describe, expect, test } from "bun:test";
import { day } from "../../src/kernel/index.ts";
import { readUpload } from "../../src/trust/index.ts";
import { parseEnvelope } from "../../src/trust/tuf/envelope.ts";
import { fileMetaOf } from "../../src/trust/tuf/hashes.ts";
import { nextListing } from "../../src/trust/tuf/listings.ts";
import {
  certifiedKey,
  delegation,
  ecdsaKey,
  ed25519Key,
  inAYear,
  keysOf,
  roleOf,
  signed,
  target,
  yesterday,
} from "./author.ts";
import { gun, refused, repository, Scene } from "./scene.ts";

/** The attacks that TUF names (specification 1.0, section 1.5.2), by somebody who may publish here. */
describe("attacks", () => {
  describe("arbitrary software (sections 5.3.4, 5.6.3)", () => {
    test("targets that a stranger signed", async () => {
      await using scene = await Scene.open();
      await scene.begin();
      const forged = scene.targets({ version: 2, targets: { latest: target("evil") } }, ecdsaKey());
      expect(await refused(scene.publish({ targets: forged }))).toBe(
        "INVALID_UPDATE: valid signatures did not meet threshold for targets",
      );
    });

    test("a whole repository of a stranger's, with keys and certificate of the right name", async () => {
      await using scene = await Scene.open();
      await scene.begin();
      const key = await certifiedKey({ commonName: gun });
      const keys = keysOf(key.public, scene.author.targetsKey.public, scene.snapshotKey, scene.timestampKey);
      const root = scene.root({ version: 2, keys, roles: scene.roles({ root: roleOf(key.public) }) }, key);
      expect(await refused(scene.publish({ root, targets: scene.targets({ version: 2 }) }))).toContain(
        "could not rotate trust to a new trusted root",
      );
    });

    test("a delegate in another's place", async () => {
      await using scene = await Scene.open();
      const [alice, bob] = [ecdsaKey(), ecdsaKey()];
      const roles = [delegation("targets/alice", alice.public), delegation("targets/bob", bob.public)];
      await scene.begin({ delegations: { keys: keysOf(alice.public, bob.public), roles } });
      const forged = scene.targets({ targets: { latest: target("evil") } }, alice);
      expect(await refused(scene.publish({ "targets/bob": forged }))).toContain("did not meet threshold");
      expect(await refused(scene.publish({ "targets/carol": forged }))).toContain(
        "delegation does not exist",
      );
    });
  });

  describe("two meanings (Docker adds up what has one name, and verifies the last of it)", () => {
    const caseOf = async (change: (hers: string) => string) => {
      await using scene = await Scene.open();
      const alice = ecdsaKey();
      // As Docker has it: whoever signs for themselves signs releases with the same key.
      const roles = ["targets/alice", "targets/releases"].map((name) => delegation(name, alice.public));
      await scene.begin({ delegations: { keys: keysOf(alice.public), roles } });
      const hers = scene.targets({ version: 2, targets: { latest: target("good") } }, alice);
      await scene.publish({ "targets/alice": hers });
      const forged = () => ({ "targets/releases": Buffer.from(change(Buffer.from(hers).toString())) });
      return refused((async () => scene.publish(forged()))());
    };

    test("targets that somebody without keys adds to what another has signed", async () => {
      const more = JSON.stringify({ evil: target("evil") });
      for (const name of ["targets", "t\\u0061rgets"]) {
        expect(
          await caseOf((hers) => hers.replace('"targets":{', () => `"${name}":${more},"targets":{`)),
        ).toBe("MALFORMED_JSON: json: a name comes twice in one object");
      }
    });

    test.each(["Signed", "SIGNATURES", "\u017figned"])(
      "a second envelope, under the name %j",
      async (name) => {
        expect(await caseOf((hers) => hers.replace(/\}$/, () => `,"${name}":${hers}}`))).toContain(
          `json: ${name} may be taken for`,
        );
      },
    );
  });

  describe("wrong software (sections 4.5, 5.6.7)", () => {
    test("a delegate's word counts below its paths only", async () => {
      await using scene = await Scene.open();
      const alice = ecdsaKey();
      const roles = [delegation("targets/releases", alice.public, { paths: ["test-"] })];
      await scene.begin({ delegations: { keys: keysOf(alice.public), roles } });
      const targets = { "test-1": target("x"), latest: target("x") };
      await scene.publish({ "targets/releases": scene.targets({ targets }, alice) });
      const digest = `sha256:${Buffer.from(target("x").hashes.sha256, "base64").toString("hex")}`;
      const states = await scene.trust.statuses.of(repository, [
        { tag: "test-1", digest },
        { tag: "latest", digest },
      ]);
      expect(states.map(({ state }) => state)).toEqual(["signed", "unsigned"]);
    });

    test("a delegate cannot delegate more than it has", async () => {
      await using scene = await Scene.open();
      const [alice, bob] = [ecdsaKey(), ecdsaKey()];
      const top = [delegation("targets/releases", alice.public, { paths: ["test-"] })];
      await scene.begin({ delegations: { keys: keysOf(alice.public), roles: top } });
      const below = [delegation("targets/releases/bob", bob.public)];
      await scene.publish({
        "targets/releases": scene.targets({ delegations: { keys: keysOf(bob.public), roles: below } }, alice),
        "targets/releases/bob": scene.targets({ targets: { latest: target("x") } }, bob),
      });
      const digest = `sha256:${Buffer.from(target("x").hashes.sha256, "base64").toString("hex")}`;
      const [status] = await scene.trust.statuses.of(repository, [{ tag: "latest", digest }]);
      expect(status).toEqual({ state: "unsigned" });
    });
  });

  describe("rollback (sections 5.3.5, 5.4.3, 5.5.5, 5.6.4)", () => {
    test("of each role to a version that was there before", async () => {
      await using scene = await Scene.open();
      await scene.publish({ root: scene.root(), targets: scene.targets() });
      await scene.publish({ root: scene.root({ version: 2 }) });
      await scene.publish({ targets: scene.targets({ version: 2 }) });
      expect(await refused(scene.publish({ targets: scene.targets() }))).toContain("VERSION");
      expect(await refused(scene.publish({ targets: scene.targets({ version: 2 }) }))).toContain("VERSION");
      expect(await refused(scene.publish({ root: scene.root() }))).toBe(
        "INVALID_UPDATE: Root modifications must increment the version. Current 2, new 1",
      );
      expect(await refused(scene.publish({ root: scene.root({ version: 2 }) }))).toContain("VERSION");
    });

    test("of the snapshot, where the owner signs it", async () => {
      await using scene = await Scene.open();
      const own = scene.author.snapshotKey;
      const keys = keysOf(
        scene.author.rootKey.public,
        scene.author.targetsKey.public,
        own.public,
        scene.timestampKey,
      );
      const root = scene.root({ keys, roles: scene.roles({ snapshot: roleOf(own.public) }) });
      const publish = (version: number, targetsVersion: number) => {
        const targets = scene.targets({ version: targetsVersion });
        const snapshot = signed(scene.author.snapshot({ root, targets }, { version }), own);
        return scene.publish({ ...(targetsVersion === 1 ? { root } : {}), targets, snapshot });
      };
      await publish(1, 1);
      await publish(5, 2);
      expect(await refused(publish(4, 3))).toContain("VERSION");
    });

    test("of targets, by who has the snapshot's key only: it lists again what was replaced since", async () => {
      await using scene = await Scene.open();
      const own = scene.author.snapshotKey;
      const { rootKey, targetsKey } = scene.author;
      const alice = ecdsaKey();
      const keys = keysOf(rootKey.public, targetsKey.public, own.public, scene.timestampKey);
      const root = scene.root({ keys, roles: scene.roles({ snapshot: roleOf(own.public) }) });
      const delegations = {
        keys: keysOf(alice.public),
        roles: [delegation("targets/alice", alice.public)],
      };
      const targets = (version: number) => scene.targets({ version, delegations });
      const ofAlice = (version: number) => scene.targets({ version }, alice);
      const list = (version: number, documents: Record<string, Uint8Array>) =>
        signed(scene.author.snapshot({ root, ...documents }, { version }), own);

      const [first, firstOfAlice] = [targets(1), ofAlice(1)];
      const old = { targets: first, "targets/alice": firstOfAlice };
      await scene.publish({ root, ...old, snapshot: list(1, old) });
      const next = { targets: targets(2), "targets/alice": ofAlice(2) };
      await scene.publish({ ...next, snapshot: list(2, next) });
      for (const listed of [old, { ...next, targets: first }, { ...next, "targets/alice": firstOfAlice }]) {
        expect(await refused(scene.publish({ snapshot: list(3, listed) }))).toContain(
          "that is neither published nor sent with it",
        );
      }
      // Nor in two steps, by first passing over it.
      await scene.publish({ snapshot: list(3, { targets: next.targets }) });
      expect(
        await refused(scene.publish({ snapshot: list(4, { ...next, "targets/alice": firstOfAlice }) })),
      ).toContain("it lists a targets/alice");
      await scene.publish({ snapshot: list(4, { targets: next.targets }) });
    });
  });

  describe("freeze (sections 5.3.10, 5.5.6, 5.6.5)", () => {
    test("by metadata that has expired", async () => {
      await using scene = await Scene.open();
      expect(
        await refused(
          scene.publish({ root: scene.root({ expires: yesterday() }), targets: scene.targets() }),
        ),
      ).toContain("root expired at");
      expect(await refused(scene.begin({ expires: yesterday() }))).toContain("targets expired at");
    });

    test("by a timestamp that goes on being good", async () => {
      await using scene = await Scene.open();
      await scene.begin();
      const { expires } = await scene.signedPart("timestamp");
      expect(Date.parse(expires)).toBeLessThanOrEqual(Date.now() + 14 * day);
      scene.harness.pass(15 * day);
      const renewed = await scene.signedPart("timestamp");
      expect(renewed.version).toBe(2);
      expect(Date.parse(renewed.expires)).toBeGreaterThan(Date.now() + 28 * day);
    });
  });

  describe("mix-and-match (sections 5.5.2, 5.6.2)", () => {
    test("what was signed for one role, published for another with the same key by somebody who has none", async () => {
      await using scene = await Scene.open();
      const alice = ecdsaKey();
      const names = ["targets/alice", "targets/releases"];
      const roles = names.map((name) => delegation(name, alice.public));
      await scene.begin({ delegations: { keys: keysOf(alice.public), roles } });
      // Who signs a tag signs those of the others along, where they all come together.
      const releases = scene.targets({ version: 2, targets: { latest: target("of bob") } }, alice);
      await scene.publish({
        "targets/alice": scene.targets({ version: 1 }, alice),
        "targets/releases": releases,
      });
      const spaced = Buffer.from(Buffer.from(releases).toString().replace("{", "{ "));
      for (const forged of [releases, spaced]) {
        expect(await refused(scene.publish({ "targets/alice": forged }))).toBe(
          "INVALID_UPDATE: what was sent for targets/alice was published for targets/releases",
        );
      }
      const both = scene.targets({ version: 3 }, alice);
      await scene.publish({ "targets/alice": both, "targets/releases": both });
    });

    test("a snapshot that lists other targets than those beside it", async () => {
      await using scene = await Scene.open();
      const own = scene.author.snapshotKey;
      const keys = keysOf(
        scene.author.rootKey.public,
        scene.author.targetsKey.public,
        own.public,
        scene.timestampKey,
      );
      const root = scene.root({ keys, roles: scene.roles({ snapshot: roleOf(own.public) }) });
      const targets = scene.targets();
      const others = scene.targets({ targets: { latest: target("x") } });
      const snapshot = signed(scene.author.snapshot({ root, targets: others }), own);
      expect(await refused(scene.publish({ root, targets, snapshot }))).toContain(
        "checksum for targets did not match",
      );
    });

    test("no reader is given a document that is not listed together with the others", async () => {
      await using scene = await Scene.open();
      await scene.begin();
      for (let version = 2; version < 8; version++) {
        const publishing = scene.publish({ targets: scene.targets({ version }) });
        const timestamp = await scene.signedPart("timestamp");
        const listed = timestamp.meta.snapshot?.hashes.sha256 ?? "";
        const sha256 = Buffer.from(listed, "base64").toString("hex");
        const snapshot = JSON.parse(await scene.read("snapshot", { kind: "sha256", sha256 })).signed;
        const named = Buffer.from(snapshot.meta.targets.hashes.sha256, "base64").toString("hex");
        const content = await scene.read("targets", { kind: "sha256", sha256: named });
        expect(fileMetaOf(Buffer.from(content)).length).toBe(snapshot.meta.targets.length);
        await publishing;
      }
    });
  });

  test("fast-forward (section 1.5.2): nobody but the server moves the timestamp on, a delegate only its own role", async () => {
    await using scene = await Scene.open();
    const alice = ecdsaKey();
    const roles = [delegation("targets/alice", alice.public)];
    await scene.begin({ delegations: { keys: keysOf(alice.public), roles } });
    const far = 2 ** 52;
    const timestamp = signed(
      { _type: "Timestamp", expires: inAYear(), meta: {}, version: far },
      scene.author.rootKey,
    );
    const delegated = scene.targets({ version: far }, alice);
    await scene.publish({ timestamp, "targets/alice": delegated });
    expect((await scene.signedPart("timestamp")).version).toBe(2);
    expect((await scene.signedPart("snapshot")).version).toBe(2);
    await scene.publish({ targets: scene.targets({ version: 2 }) });
    expect((await scene.signedPart("targets")).version).toBe(2);
  });

  describe("fast-forward to where numbers end (sections 1.5.2, 5.3.11)", () => {
    const end = Number.MAX_SAFE_INTEGER;

    test("is refused, of targets and of a snapshot, so that there is always a next version", async () => {
      await using scene = await Scene.open();
      const own = scene.author.snapshotKey;
      expect(await refused(scene.begin({ version: end }))).toBe(
        `INVALID_UPDATE: version ${end} of targets leaves no room for those that follow`,
      );
      const root = signed(scene.author.root(scene.timestampKey), scene.author.rootKey);
      const targets = scene.targets();
      const publish = (version: number) =>
        scene.publish({
          root,
          targets,
          snapshot: signed(scene.author.snapshot({ root, targets }, { version }), own),
        });
      expect(await refused(publish(end))).toContain(`version ${end} of snapshot leaves no room`);
      await publish(2 ** 52);
      // From now on the server signs snapshots, and goes on from there.
      await scene.publish({ root: scene.root({ version: 2 }) });
      expect((await scene.signedPart("snapshot")).version).toBe(2 ** 52 + 1);
    });

    test("the server signs nothing behind the last version, which nobody could read", () => {
      const previous = parseEnvelope(Buffer.from(`{"signed":{"version":${end}}}`));
      expect(() => nextListing("snapshot", previous, new Map(), 0)).toThrow("no version of the snapshot");
    });
  });

  describe("key compromise below the threshold (sections 1.5.2, 5.3.4)", () => {
    test("one of two keys signs nothing, however often", async () => {
      await using scene = await Scene.open();
      const second = ed25519Key();
      const { targetsKey } = scene.author;
      const all = keysOf(
        scene.author.rootKey.public,
        targetsKey.public,
        second.public,
        scene.snapshotKey,
        scene.timestampKey,
      );
      const targetsRole = { ...roleOf(targetsKey.public, second.public), threshold: 2 };
      const root = scene.root({ keys: all, roles: scene.roles({ targets: targetsRole }) });
      expect(await refused(scene.publish({ root, targets: scene.targets({}, second) }))).toContain(
        "threshold",
      );
      expect(await refused(scene.publish({ root, targets: scene.targets({}, second, second) }))).toContain(
        "threshold",
      );
      await scene.publish({ root, targets: scene.targets({}, targetsKey, second) });
    });

    test("who has one of two root keys cannot lower the threshold", async () => {
      await using scene = await Scene.open();
      const second = await certifiedKey({ commonName: gun });
      const { rootKey, targetsKey } = scene.author;
      const all = keysOf(
        rootKey.public,
        second.public,
        targetsKey.public,
        scene.snapshotKey,
        scene.timestampKey,
      );
      const two = { ...roleOf(rootKey.public, second.public), threshold: 2 };
      const root = scene.root({ keys: all, roles: scene.roles({ root: two }) }, rootKey, second);
      await scene.publish({ root, targets: scene.targets() });
      const lowered = scene.root({ version: 2, keys: all }, rootKey);
      expect(await refused(scene.publish({ root: lowered }))).toContain("could not rotate trust");
    });

    test("the server's key of one repository signs nothing in another", async () => {
      await using scene = await Scene.open();
      await scene.begin();
      // Somebody else names it in the root of their own repository, to have it sign what they like.
      const other = `${gun}2`;
      const key = await certifiedKey({ commonName: other });
      const keys = keysOf(key.public, scene.author.targetsKey.public, scene.snapshotKey, scene.timestampKey);
      const root = scene.root({ keys, roles: scene.roles({ root: roleOf(key.public) }) }, key);
      const uploads = [readUpload("root", root), readUpload("targets", scene.targets())];
      const publishing = scene.trust.publisher.publish(
        { kind: "user", name: "mallory", address: "", requestId: "" },
        other,
        uploads,
      );
      expect(await refused(publishing)).toContain("server does not hold current snapshot key");
    });
  });

  test("endless data (section 1.5.2): what is signed is read up to bounds", () => {
    const signatures = Array.from({ length: 257 }, () => ({ keyid: "a", method: "ecdsa", sig: "" }));
    expect(() => readUpload("root", Buffer.from(JSON.stringify({ signed: {}, signatures })))).toThrow(
      "too many signatures",
    );
  });

  test("endless data: the signatures of a whole upload are counted", async () => {
    await using scene = await Scene.open();
    const signer = ecdsaKey();
    const targets = scene.targets({}, ...Array.from({ length: 256 }, () => signer));
    const parts = Object.fromEntries(["a", "b", "c", "d"].map((role) => [`targets/${role}`, targets]));
    expect(await refused(scene.publish({ root: scene.root(), targets: scene.targets(), ...parts }))).toBe(
      "INVALID_UPDATE: an update may have 1000 signatures, not 1026",
    );
  });
});
