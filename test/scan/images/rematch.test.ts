import { afterEach, beforeEach, expect, test } from "bun:test";
import { day, minute } from "../../../src/kernel/index.ts";
import type { Advisory } from "../../../src/scan/vulndb/advisory.ts";
import { describeOnEngines } from "../../support/engines.ts";
import { advisory } from "../match/advisories.ts";
import { debian, imageOf, layerOf, openScene, type Scene } from "./scene.ts";

const release = "Debian:12";

describeOnEngines("another vulnerability database", (open) => {
  let scene: Scene;
  /** Two images with openssl, one of which was pulled, and one without it that was pulled. */
  let pulled: number;
  let kept: number;
  let other: number;

  const openssl = (id: string, severity: Advisory["severity"], fixed: string | null = null) =>
    advisory({ id, severity }, release, "openssl", fixed);
  const old = openssl("CVE-2024-0001", "Low");
  const critical = openssl("CVE-2024-0002", "Critical", "3.0.2-1");

  beforeEach(async () => {
    scene = await openScene(open);
    const system = await layerOf(...debian("12", "openssl 3.0.1-1", "tar 1.34-1"));
    pulled = await scene.push("library/pulled", imageOf(system), "1.0", "latest");
    kept = await scene.push("library/kept", imageOf(system), "1.0");
    other = await scene.push("library/other", imageOf(await layerOf(...debian("12", "bash 5.0-1"))), "1.0");
    await scene.database.write((tx) =>
      tx
        .updateTable("manifest")
        .set({ pulled_at: scene.clock.now })
        .where("id", "in", [pulled, other])
        .execute(),
    );
    await scene.work();
    scene.clock.now += minute;
  });
  afterEach(() => scene[Symbol.asyncDispose]());

  const countsOf = async (id: number) => (await scene.scan.images.summaries([id])).get(id)?.counts;
  const know = async (...advisories: readonly Advisory[]) => {
    scene.clock.now += day;
    await scene.know(...advisories);
    expect(await scene.scan.images.rematch.isDue()).toBe(true);
    const report = await scene.rematch();
    expect(await scene.scan.images.rematch.isDue()).toBe(false);
    return report;
  };
  const records = async () =>
    (
      await scene.database.read
        .selectFrom("audit_log")
        .select(["resource", "detail", "actor"])
        .where("operation", "=", "vulnerable")
        .execute()
    ).map(({ resource, actor, detail }) => `${actor} ${resource.split("@")[0]}: ${detail}`);

  test("is matched with each package once, and counts come out anew where something has changed", async () => {
    expect(await know(old)).toMatchObject({ identities: 3, changed: 1, images: 2 });
    expect(await countsOf(kept)).toEqual({ Low: 1 });
    expect(await know(old, critical)).toMatchObject({ identities: 3, changed: 1, images: 2 });
    expect(await countsOf(pulled)).toEqual({ Low: 1, Critical: 1 });
    expect(await know(critical)).toMatchObject({ changed: 1, vulnerable: 0 });
    expect(await countsOf(pulled)).toEqual({ Critical: 1 });
    expect(await scene.rematch()).toMatchObject({ identities: 0, changed: 0, images: 0 });
    const summary = (await scene.scan.images.summaries([other])).get(other);
    expect(summary).toMatchObject({ counts: {}, reportedAt: scene.clock.now, dataAsOf: scene.clock.now });
  });

  test("an image that was pulled and became vulnerable is told of, once for each change", async () => {
    await know(old);
    expect(scene.news).toEqual([]);
    expect(await know(old, critical)).toMatchObject({ vulnerable: 1 });
    expect(scene.news).toMatchObject([
      {
        ...{ repository: "library/pulled", tags: ["1.0", "latest"], count: 1 },
        vulnerabilities: [
          {
            id: "CVE-2024-0002",
            severity: "Critical",
            package: "openssl",
            version: "3.0.1-1",
            fixedVersion: "3.0.2-1",
          },
        ],
      },
    ]);
    expect(await records()).toEqual([
      expect.stringContaining(
        "system library/pulled: New since it was last looked at: CVE-2024-0002 (Critical) in openssl 3.0.1-1. It was last pulled at",
      ),
    ]);
    await know(old, openssl("CVE-2024-0002", "High", "3.0.2-1"));
    await scene.rematch();
    expect(scene.news).toHaveLength(1);
    expect(await countsOf(pulled)).toEqual({ Low: 1, High: 1 });
  });

  test("counts come out anew where the clock was set back, or another machine's is behind", async () => {
    await know(old);
    for (const advisories of [[old, critical], [old]]) {
      scene.clock.now -= minute;
      await scene.know(...advisories);
      expect(await scene.rematch()).toMatchObject({ changed: 1, images: 2 });
    }
    expect(await countsOf(pulled)).toEqual({ Low: 1 });
  });

  test("a run that broke off is made up for by the next one", async () => {
    await know(old);
    scene.clock.now += day;
    await scene.know(old, critical);
    const stop = new Error("stopped");
    // Matched, and not yet counted.
    const matching = scene.scan.images.rematch as unknown as { run: typeof scene.scan.images.rematch.run };
    const write = scene.database.write;
    let writes = 0;
    (scene.database as { write: typeof write }).write = (work) =>
      writes++ === 0 ? write(work) : Promise.reject(stop);
    await expect(matching.run(async () => {})).rejects.toBe(stop);
    (scene.database as { write: typeof write }).write = write;
    expect(await countsOf(pulled)).toEqual({ Low: 1 });
    expect(await scene.scan.images.rematch.isDue()).toBe(true);
    scene.clock.now += minute;
    expect(await scene.rematch()).toMatchObject({ identities: 0, images: 2, vulnerable: 1 });
    expect(await countsOf(pulled)).toEqual({ Low: 1, Critical: 1 });
    expect(scene.news).toHaveLength(1);
  });

  test("what an image brings later is matched with the database that is there, and counted with the rest", async () => {
    await know(old, critical);
    const system = await layerOf(
      ...debian("12", "openssl 3.0.1-1", "openssl-next 3.0.1-1 openssl", "zip 1-1"),
    );
    const later = await scene.push("library/later", imageOf(system), "1.0");
    await scene.work();
    expect(await countsOf(later)).toEqual({ Low: 1, Critical: 1 });
    expect(await scene.scan.images.rematch.isDue()).toBe(false);
  });

  test("a process that has an older database open puts nothing back", async () => {
    await know(old, critical);
    const behind = await scene.another();
    expect(await behind.images.rematch.isDue()).toBe(false);
    await scene.know(old);
    const { vulnerabilities, images } = behind;
    (vulnerabilities as { refresh: () => Promise<void> }).refresh = async () => {};
    expect(await images.rematch.isDue()).toBe(false);
    expect(await images.rematch.run(async () => {})).toBeNull();
  });
});
