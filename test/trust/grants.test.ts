import { describe, expect, test } from "bun:test";
import { anonymous } from "../../src/access/index.ts";
import { createTrustGrants } from "../../src/http/tuf/grants.ts";
import { BreakwaterError } from "../../src/kernel/index.ts";
import { openTrust } from "./trust-server.ts";

/** Rights of somebody who may do everything in the project `library`, and of whom nothing else is known. */
const rights = {
  repositoryActions: async (_: unknown, project: string) =>
    new Set(project === "library" ? (["pull", "push", "delete"] as const) : []),
  authorize: async () => {
    throw new BreakwaterError("FORBIDDEN");
  },
};

describe("names of trust data", () => {
  test("stand for the repository behind one of the server's hosts", async () => {
    await using harness = await openTrust();
    const grants = createTrustGrants(harness.trust.names, rights, async () => false);
    const actions = async (gun: string) => {
      const granted = await grants(anonymous, gun);
      return granted && [...granted];
    };
    expect(await actions("localhost:8443/library/image")).toEqual(["pull", "push"]);
    expect(await actions("localhost:8443/library/deep/image")).toEqual(["pull", "push"]);
    expect(await actions("localhost:8443/other/image")).toEqual([]);
    for (const none of [
      "library/image",
      "localhost:844/library/image",
      "localhost:8443/library",
      "localhost:8443//a/b",
      "localhost:8443/Library/image",
      "localhost:8443",
      "",
    ]) {
      expect(await actions(none)).toBeNull();
    }
  });

  test("are not taken where a project is called like the host: a token for the one would open the other", async () => {
    await using harness = await openTrust();
    const grants = createTrustGrants(harness.trust.names, rights, async (name) => name === "localhost:8443");
    expect(await grants(anonymous, "localhost:8443/library/image")).toBeNull();
  });
});
