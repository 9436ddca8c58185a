import { describe, expect, test } from "bun:test";
import { readUpload } from "../../src/trust/index.ts";
import { delegation, ecdsaKey, keysOf, target } from "./author.ts";
import { repository, Scene } from "./scene.ts";

describe("endless data (section 1.5.2): what is more than anybody has is refused", () => {
  const bob = ecdsaKey();
  const many = (count: number) => Array.from({ length: count }, (_, index) => `${index}`);
  const delegations = (roles: readonly object[], keys: object = keysOf(bob.public)) => ({
    delegations: { keys, roles },
  });

  test("paths, keys and delegations, and delegations of delegations", async () => {
    await using scene = await Scene.open();
    const name = `targets${"/a".repeat(17)}`;
    const keys = Object.fromEntries(many(1_001).map((id) => [id, {}]));
    for (const [changes, message] of [
      [delegations([delegation("targets/a", bob.public, { paths: many(1_001) })]), "too many paths"],
      [delegations([delegation("targets/a", bob.public, { keyids: many(1_001) })]), "too many keyids"],
      [delegations([], keys), "too many keys"],
      [delegations(many(1_001).map((id) => delegation(`targets/${id}`, bob.public))), "too many roles"],
      [delegations([delegation(name, bob.public)]), `delegation role ${name} invalid`],
    ] as const) {
      const refusal = await scene.begin(changes).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ code: "INVALID_UPDATE", detail: { Name: "ErrBadTargets" } });
      expect(String(refusal)).toContain(message);
    }
  });

  test("values of a document", () => {
    const content = Buffer.from(`{"signed":{"x":[${"0,".repeat(1_000_001)}0]}}`);
    expect(() => readUpload("targets", content)).toThrow("too many values");
  });

  test("as many as there may be are looked at: what lies below the paths counts", async () => {
    await using scene = await Scene.open();
    const paths = many(1_000).map((number) => `${number}-`);
    await scene.begin(delegations([delegation("targets/releases", bob.public, { paths })]));
    const names = many(2_000).map((number) => `${number}-x`);
    const targets = Object.fromEntries(names.map((name) => [name, target("x")]));
    await scene.publish({ "targets/releases": scene.targets({ targets }, bob) });
    const digest = `sha256:${Buffer.from(target("x").hashes.sha256, "base64").toString("hex")}`;
    const statuses = await scene.trust.statuses.of(
      repository,
      names.map((tag) => ({ tag, digest })),
    );
    const signedNames = names.filter((_, index) => statuses[index]?.state === "signed");
    expect(signedNames).toEqual(names.slice(0, 1_000));
  });
});
