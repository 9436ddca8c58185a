import { expect, test } from "bun:test";
import { AuditLog } from "../../src/events/index.ts";
import { createTrust } from "../../src/trust/index.ts";
import { describeOnEngines } from "../support/engines.ts";
import { Signer } from "./signer.ts";
import { addProject, caller } from "./trust-server.ts";

const repository = "team/app";
const digest = (digit: string) => `sha256:${digit.repeat(64)}`;

describeOnEngines("a server of several names", (open) => {
  test("takes trust data of a repository under one of them: nobody begins anew under another", async () => {
    await using stack = new AsyncDisposableStack();
    const database = await open();
    stack.defer(() => database.close());
    await addProject(database, "team");
    const audit = new AuditLog(database, Date.now);
    const secret = new Uint8Array(64).fill(7);
    const hosts = ["registry.example.com", "localhost:8443"];
    const trust = createTrust({ database, audit, clock: Date.now, secret, hosts });
    const stateOf = async (tagged: string) =>
      (await trust.statuses.of(repository, [{ tag: "1.0", digest: tagged }]))[0]?.state;

    const owner = await Signer.create(trust, `localhost:8443/${repository}`);
    await owner.sign({ "1.0": digest("a") });
    const stranger = await Signer.create(trust, `registry.example.com/${repository}`);
    const refused = await stranger.sign({ "1.0": digest("e") }).catch((error) => error);
    expect(refused).toMatchObject({
      code: "INVALID_GUN",
      message: expect.stringContaining(`lies under localhost:8443/${repository}`),
    });
    expect([await stateOf(digest("a")), await stateOf(digest("e"))]).toEqual(["signed", "tampered"]);
    await owner.sign({ "1.0": digest("b") });
    expect(await stateOf(digest("b"))).toBe("signed");

    await trust.delete(caller, owner.gun);
    const next = await Signer.create(trust, `registry.example.com/${repository}`);
    await next.sign({ "1.0": digest("c") });
    expect(await stateOf(digest("c"))).toBe("signed");
  });
});
