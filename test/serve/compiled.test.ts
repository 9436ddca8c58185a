import { expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { $ } from "bun";
import { version } from "../../src/kernel/index.ts";
import { debian, imageOf, layerOf } from "../scan/images/scene.ts";
import { startBreakwater } from "../support/breakwater.ts";
import { eventually } from "../support/eventually.ts";
import { openRepository } from "../support/registry-client.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

test("compiled into one executable it serves with workers, compiles feeds and reads layers", async () => {
  await using home = await temporaryDirectory("compiled");
  const executable = join(home.path, "breakwater");
  await $`bun run compile --outfile=${executable}`.cwd(join(import.meta.dir, "../..")).quiet();
  expect(await $`${executable} --version`.text()).toBe(`${version}\n`);

  const source = join(home.path, "osv");
  await mkdir(source);
  const advisory = {
    ...{ id: "DEBIAN-CVE-2026-1000", modified: new Date().toISOString() },
    affected: [
      {
        package: { ecosystem: "Debian:12", name: "openssl" },
        ranges: [{ type: "ECOSYSTEM", events: [{ introduced: "0" }, { fixed: "3.0.2-1" }] }],
      },
    ],
  };
  await writeFile(join(source, "one.json"), JSON.stringify(advisory));
  const config = { breakwater: { scan: { feeds: { debian: { format: "osv", source } } } } };
  await using server = await startBreakwater({ http: true, workers: 2, config, executable });
  const image = await imageOf(await layerOf(...debian("12", "openssl 3.0.1-1")));
  await (await openRepository(server, "library/app")).pushImage(image, "v1");
  const report = "/projects/library/repositories/app/artifacts/v1/additions/vulnerabilities";
  const text = await eventually(
    async () => (await server.api(report)).text(),
    (text) => text.includes("CVE-2026-1000"),
  );
  expect(text).toContain("3.0.2-1");
}, 120_000);
