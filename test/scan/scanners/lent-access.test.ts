import { expect, test } from "bun:test";
import { startBreakwater } from "../../support/breakwater.ts";
import { eventually } from "../../support/eventually.ts";
import { createProject } from "../../support/harbor.ts";
import { makeImage } from "../../support/image.ts";
import { expectStatus, openRepository } from "../../support/registry-client.ts";
import { AdapterServer, types } from "./adapter-server.ts";

test("what a scanner is lent to pull with, be it a token, is good for nothing once the scan has ended", async () => {
  await using server = await startBreakwater({ http: true });
  await using adapter = new AdapterServer();
  const send = (path: string, body: object, method = "POST") =>
    server.api(path, {
      method,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const project = await createProject(server);
  const made = await expectStatus(201, await send("/scanners", { name: "Model", url: adapter.url }));
  const uuid = made.headers.get("location")?.split("/").at(-1) ?? "";
  await expectStatus(200, await send(`/projects/${project}/scanner`, { uuid }, "PUT"));
  const repository = await openRepository(server, `${project}/app`);
  await repository.pushImage(await makeImage(), "v1");
  const artifact = `/projects/${project}/repositories/app/artifacts/v1`;

  for (const how of ["Bearer", "Basic"]) {
    adapter.properties = { "harbor.scanner-adapter/registry-authorization-type": how };
    const answers: number[] = [];
    const pull = async (authorization: string) => {
      const path = `/v2/${repository.name}/manifests/v1`;
      const { status } = await server.fetch(path, { headers: { authorization, accept: types.manifest } });
      return status;
    };
    const taken = adapter.bodies.length;
    adapter.behaviour.report = async (request, id) => {
      answers.push(await pull(adapter.bodies[taken]?.registry.authorization ?? ""));
      return adapter.report(request, id);
    };
    await expectStatus(202, await send(`${artifact}/scan`, {}));
    await eventually(
      async () => (await server.api(`${artifact}?with_scan_overview=true`)).text(),
      (text) => answers.length > 0 && text.includes('"scan_status":"Success"'),
    );
    const authorization = adapter.bodies[taken]?.registry.authorization ?? "";
    expect(authorization).toStartWith(`${how} `);
    expect(answers).toEqual([200]);
    expect(await pull(authorization)).toBe(401);
  }
}, 60_000);
