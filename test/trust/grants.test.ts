import { describe, expect, test } from "bun:test";
import { anonymous } from "../../src/access/index.ts";
import { VerifiedToken } from "../../src/access/verified-token.ts";
import { AuditLog } from "../../src/events/index.ts";
import type { Exchange } from "../../src/http/exchange.ts";
import { createGate } from "../../src/http/tuf/gate.ts";
import { createGunCheck, createTrustGrants } from "../../src/http/tuf/grants.ts";
import { BreakwaterError, isRefusal } from "../../src/kernel/index.ts";
import { GunNames } from "../../src/trust/guns.ts";
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
    const grants = createTrustGrants(
      harness.trust.names,
      rights,
      createGunCheck(harness.trust.names, () => false),
    );
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
    const names = new GunNames(["registry.example.com"]);
    const isGun = createGunCheck(names, (name) => name === "registry.example.com");
    const gun = "registry.example.com/library/image";
    expect(await isGun(gun)).toBe(false);
    expect(await createTrustGrants(names, rights, isGun)(anonymous, gun)).toBeNull();
  });

  test("are not opened by a token for a repository that is called so", async () => {
    await using harness = await openTrust();
    const names = new GunNames(["registry.example.com"]);
    const gun = "registry.example.com/library/image";
    const access = [{ type: "repository", name: gun, actions: ["pull", "push"] }];
    const token = VerifiedToken.parse({ sub: "mallory", exp: 1, kind: "user", id: 7, access }, 100);
    if (token === null) throw new Error("it is no token");
    const opens = async (isProject: boolean) => {
      const gate = createGate({
        access: {
          verify: () => ({ state: "valid", token }),
          credentials: {} as never,
          principalOf: async () => null,
        },
        rights: { can: async () => false },
        audit: new AuditLog(harness.database, Date.now),
        grants: async () => null,
        isGun: createGunCheck(names, () => isProject),
        service: "harbor-notary",
        tokenUrl: "https://registry.example.com",
      });
      const request = new Request("https://registry.example.com", { headers: { authorization: "Bearer t" } });
      const exchange = { request, address: "192.0.2.1", requestId: "r1" } as Exchange;
      const asked = async () => gate.authorize(exchange, { kind: "repository", gun, actions: ["push"] });
      return asked().then(
        () => true,
        (error) => (isRefusal(error, "UNAUTHORIZED") ? false : Promise.reject(error)),
      );
    };
    expect(await opens(false)).toBe(true);
    expect(await opens(true)).toBe(false);
  });
});
