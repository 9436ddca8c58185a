import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { eventually } from "../support/eventually.ts";
import { content } from "../support/image.ts";
import { openRepository } from "../support/registry-client.ts";
import { missingFeeds, sharedFeed } from "../support/shared-feeds.ts";
import { ALPINE, missingAlpine } from "../support/shared-images.ts";
import { imageOf, layerOf } from "./images/scene.ts";

setDefaultTimeout(60_000);

/** What `lib/apk/db/installed` says, a few releases before the image's own. */
const older = ["musl 1.1.22-r2", "openssl 1.1.1b-r0", "busybox 1.30.1-r2"]
  .map((text) => text.split(" "))
  .map(([name, version]) => `P:${name}\nV:${version}\nA:x86_64\no:${name}\n\n`)
  .join("");

describeUnless(missingAlpine() ?? missingFeeds(), "a server with Alpine's real list and image", () => {
  let server: Breakwater;

  beforeAll(async () => {
    const alpine = { format: "secdb", source: sharedFeed("alpine-secdb/v3.10") };
    server = await startBreakwater({ http: true, config: { breakwater: { scan: { feeds: { alpine } } } } });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  /** The layer of the image, as `docker save` wrote it. */
  const savedLayer = async () => {
    const command = `tar -xOzf ${ALPINE} --wildcards '*/layer.tar'`;
    const { stdout } = Bun.spawn(["sh", "-c", command], { stdout: "pipe" });
    return content("application/vnd.oci.image.layer.v1.tar", await stdout.bytes());
  };
  const summary = async () =>
    (await server.api("/security/summary")).json() as Promise<Record<string, number>>;
  const found = async (query: string) => {
    const response = await server.api(`/security/vul?page_size=100&q=${encodeURIComponent(query)}`);
    return ((await response.json()) as Record<string, string>[]).map(
      (item) => `${item.package} ${item.version} ${item.cve_id} ${item.fixed_version}`,
    );
  };

  test("scans what is pushed, and finds what Alpine has mended since", async () => {
    const layer = await savedLayer();
    const repository = await openRepository(server, "library/alpine");
    await repository.pushImage(imageOf(layer), "3.10");
    await repository.pushImage(
      imageOf(layer, await layerOf({ name: "lib/apk/db/installed", content: older })),
      "old",
    );
    await eventually(summary, ({ scanned_cnt, total_vuls }) => scanned_cnt === 2 && total_vuls === 5);
    expect((await found("repository_name=library/alpine")).toSorted()).toEqual([
      "musl 1.1.22-r2 CVE-2019-14697 1.1.22-r3",
      "openssl 1.1.1b-r0 CVE-2019-1543 1.1.1b-r1",
      "openssl 1.1.1b-r0 CVE-2019-1547 1.1.1d-r0",
      "openssl 1.1.1b-r0 CVE-2019-1549 1.1.1d-r0",
      "openssl 1.1.1b-r0 CVE-2019-1563 1.1.1d-r0",
    ]);
    // Musl's of the image itself has the very version that mends it.
    expect(await found("tag=3.10")).toEqual([]);
    expect(await found("cve_id=CVE-2019-14697")).toHaveLength(1);
  });

  test("counts what it does", async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${server.metricsPort}/metrics`)).text();
    expect(metrics).toContain('breakwater_image_scans_total{outcome="success"} 2');
    expect(metrics).toContain("breakwater_image_scans_waiting 0");
  });
});
