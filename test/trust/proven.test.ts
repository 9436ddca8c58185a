import { describe, expect, test } from "bun:test";
import { day } from "../../src/kernel/index.ts";
import { ProvenTargets } from "../../src/trust/proven-targets.ts";
import { PublishedRoots } from "../../src/trust/published-roots.ts";
import { Author, certifiedKey, ecdsaKey, ed25519Key, signed, type TestKey, target } from "./author.ts";

const gun = "registry.example/team/image";

/** What is published is verified once, and not for each timestamp that says so again. */
describe("what was proved once", () => {
  const [alice, bob] = [ecdsaKey(), ed25519Key()];
  const role = (...keys: readonly TestKey[]) => ({
    name: "targets/a",
    threshold: 1,
    paths: [""],
    keys: new Map(keys.map((key) => [key.public.id, key.public])),
  });
  const author = async () => new Author(gun, await certifiedKey({ commonName: gun }));

  test("is not verified again for the same keys, and is for others", async () => {
    const proven = new ProvenTargets();
    const content = signed((await author()).targets({ targets: { latest: target("x") } }), alice);
    const first = proven.of(content, role(alice));
    expect(first.keys).toEqual([alice.public.id]);
    expect([...first.hashes.keys()]).toEqual(["latest"]);
    expect(proven.of(Buffer.from(content), role(alice))).toBe(first);
    expect(() => proven.of(content, role(bob))).toThrow("did not meet threshold");
    expect(() => proven.of(content, { ...role(alice), threshold: 2 })).toThrow("did not meet threshold");
    expect(() => proven.of(content, { ...role(alice), name: "targets/b", threshold: 2 })).toThrow();
    expect(proven.of(content, role(alice))).toEqual(first);
  });

  test("also that it does not verify", async () => {
    const proven = new ProvenTargets();
    const content = signed((await author()).targets(), alice);
    const refusal = () => {
      try {
        return proven.of(content, role(bob));
      } catch (error) {
        return error;
      }
    };
    const first = refusal();
    expect(first).toBeInstanceOf(Error);
    expect(refusal()).toBe(first);
  });

  test("of roots the newest of each GUN is remembered, until its certificate ends", async () => {
    const roots = new PublishedRoots();
    const owner = await author();
    const timestamp = ed25519Key().public;
    const [one, two] = [1, 2].map((version) => signed(owner.root(timestamp, { version }), owner.rootKey));
    if (one === undefined || two === undefined) throw new Error("no roots");
    const now = Date.now();
    const first = roots.verify(gun, one, now);
    expect(roots.verify(gun, one, now + day)).toBe(first);
    expect(() => roots.verify(gun, one, now + 366 * day)).toThrow("valid leaf certificates");
    expect(roots.verify(gun, one, null)).toBe(first);
    roots.verify(gun, two, now);
    expect(roots.verify(gun, one, now)).not.toBe(first);
    // Found good whenever that was, which says nothing of its certificates.
    roots.verify(gun, two, null);
    expect(() => roots.verify(gun, two, now + 366 * day)).toThrow("valid leaf certificates");
  });
});
