import { expect, test } from "bun:test";
import { ProvenTargets } from "../../src/trust/proven-targets.ts";
import { PublishedRoots } from "../../src/trust/published-roots.ts";
import type { Renewal } from "../../src/trust/renewal.ts";
import { MetadataStore } from "../../src/trust/store.ts";
import { Verification } from "../../src/trust/verification.ts";
import { gun, Scene } from "./scene.ts";

test("trust data that is deleted while it is verified is none, and not taken for tampered with", async () => {
  await using scene = await Scene.open();
  await scene.begin();
  const { database } = scene.harness;
  class Deleting extends MetadataStore {
    override async linked(of: string, role: string, sha256: string) {
      if (role === "targets") await database.write((tx) => this.remove(tx, gun));
      return super.linked(of, role, sha256);
    }
  }
  const renewal = { renewed: async (current) => current } as Pick<Renewal, "renewed"> as Renewal;
  const verification = new Verification(
    new Deleting(database),
    renewal,
    new ProvenTargets(),
    new PublishedRoots(),
  );
  expect(await verification.of(gun)).toBeNull();
});
