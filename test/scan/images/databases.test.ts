import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { day } from "../../../src/kernel/index.ts";
import type { Scan } from "../../../src/scan/index.ts";
import { describeOnEngines } from "../../support/engines.ts";
import { advisory } from "../match/advisories.ts";
import { debian, imageOf, layerOf, openScene, type Scene } from "./scene.ts";

const critical = advisory({ id: "CVE-2024-0001", severity: "Critical" }, "Debian:12", "openssl", "3.0.2-1");
const other = advisory({ id: "CVE-2024-0009", severity: "Low" }, "Debian:12", "zip", "3.0.2-1");

describeOnEngines("which vulnerability database an image is matched with", (open) => {
  let scene: Scene;

  beforeEach(async () => {
    scene = await openScene(open);
  });
  afterEach(() => scene[Symbol.asyncDispose]());

  const push = async (version = "3.0.1-1") =>
    scene.push("library/app", imageOf(await layerOf(...debian("12", `openssl ${version}`))), "1.0");
  const seen = async (id: number) => {
    const summary = (await scene.scan.images.summaries([id])).get(id);
    const coverage = summary?.coverage?.map(({ ecosystem, state }) => `${ecosystem} ${state}`);
    return { state: summary?.state, counts: summary?.counts, coverage };
  };
  const withCritical = { state: "done" as const, counts: { Critical: 1 }, coverage: ["Debian:12 covered"] };

  test("a process that has just started opens it before it says what is known", async () => {
    await scene.know(critical);
    await scene.rematch();
    const id = await push();
    expect(await scene.work(await scene.another())).toBe(1);
    expect(await seen(id)).toEqual(withCritical);
  });

  test("a process that has an older one open takes the one with which all others were matched", async () => {
    await scene.know(other);
    await scene.rematch();
    const behind = await scene.another();
    await behind.images.rematch.isDue();
    scene.clock.now += day;
    await scene.know(critical);
    await scene.rematch();
    const id = await push();
    expect(await scene.work(behind)).toBe(1);
    expect(await seen(id)).toEqual(withCritical);
  });

  test("where it is lost an image is not scanned, and the next database makes up for it", async () => {
    await scene.know(critical);
    await scene.rematch();
    await spoilDatabases(scene.scan);
    const id = await push();
    const restarted = await scene.another();
    await expect(scene.work(restarted)).rejects.toThrow();
    expect(await seen(id)).toEqual({ state: "pending", counts: {}, coverage: [] });
    scene.clock.now += day;
    await scene.know(critical);
    await scene.work(restarted);
    expect(await seen(id)).toEqual(withCritical);
  });
});

/** Both those in the storage and this machine's copies. */
async function spoilDatabases({ shelf }: Scan): Promise<void> {
  const folder = dirname(shelf.folder);
  for (const name of await readdir(folder, { recursive: true })) {
    if (name.includes(".sqlite")) await writeFile(join(folder, name), "gone").catch(() => {});
  }
}
