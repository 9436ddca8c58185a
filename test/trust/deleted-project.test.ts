import { expect, test } from "bun:test";
import { Pusher } from "../api/content.ts";
import { host, openApi } from "../api/fixture.ts";
import { describeOnEngines } from "../support/engines.ts";
import { Signer } from "./signer.ts";

describeOnEngines("trust data of a project that is deleted", (open) => {
  test("goes with it, and cannot be published until there is one of that name: it would decide there", async () => {
    await using fixture = await openApi(open);
    fixture.rooms.clock.now = Date.now();
    const create = () => fixture.admin.post("/projects", { project_name: "team" });
    await create();
    const before = await Signer.create(fixture.trust, `${host}/team/image`);
    await before.sign({ "1.0": `sha256:${"a".repeat(64)}` });
    const { id } = await fixture.rooms.database.read
      .selectFrom("project")
      .select("id")
      .where("name", "=", "team")
      .executeTakeFirstOrThrow();
    await fixture.rooms.projects.delete({ kind: "user", name: "admin", address: "", requestId: "r" }, id);
    // With the right that they still have in their token.
    const late = await Signer.create(fixture.trust, `${host}/team/image`);
    const refused = await late.sign({ "1.0": `sha256:${"a".repeat(64)}` }).catch((error) => error);
    expect(refused).toMatchObject({
      code: "INVALID_GUN",
      message: 'There is no project "team". Create it first.',
    });

    await create();
    const digest = await new Pusher(fixture.registry).newImage("team/image", ["1.0"]);
    expect(await fixture.trust.statuses.of("team/image", [{ tag: "1.0", digest }])).toEqual([
      { state: "unsigned" },
    ]);
  });
});
