import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Services } from "../../../src/serve/index.ts";
import { Child } from "../../support/child.ts";
import { describeUnless } from "../../support/describe-unless.ts";
import { eventually } from "../../support/eventually.ts";
import { openInstallation, openRooms } from "../../support/installation.ts";
import { missingFeeds, sharedFeed } from "../../support/shared-feeds.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../../support/temporary-directory.ts";
import { startWebServer } from "./web-server.ts";

const MAIN = join(import.meta.dir, "../../../src/main.ts");
const request = { patience: 0, progress: () => {}, signal: new AbortController().signal };

/** As time would: nobody waits a minute here. */
async function forgetLease({ database }: Services): Promise<void> {
  await database.write((tx) => tx.deleteFrom("setting").where("name", "=", "scan.vulndb.lease").execute());
}

describeUnless(missingFeeds(), "an update that is killed", () => {
  let home: TemporaryDirectory;
  const env = (source: string) => ({
    BREAKWATER_SCAN_FEEDS: JSON.stringify({ a: { format: "osv", source } }),
    BREAKWATER_DATA_VOLUME: home.path,
  });

  beforeAll(async () => {
    home = await temporaryDirectory("killed");
    await using services = await openInstallation(home.path, env(sharedFeed("osv/npm/all.zip")));
    await services.feeds.update(request);
  });
  afterAll(() => home[Symbol.asyncDispose]());

  /** The version of the database that can be opened. */
  async function holding({ scan }: Services): Promise<string | undefined> {
    await scan.vulnerabilities.refresh();
    return scan.vulnerabilities.current()?.manifest.version;
  }

  /** Starts one from `source`, and ends it by force once `reached` says so; answers null when that came in time. */
  async function kill(source: string, reached: () => Promise<boolean>): Promise<number | null> {
    const child = new Child(process.execPath, [MAIN, "feeds", "update", "--all"], {
      logFile: join(home.path, "log"),
      env: { ...process.env, ...env(source) },
      cwd: home.path,
    });
    await eventually(async () => !child.running || (await reached()), Boolean);
    await child.kill();
    return child.exited;
  }

  /** Files of the work under way. */
  async function working(): Promise<string[]> {
    const names = await readdir(join(home.path, "scan"), { recursive: true }).catch(() => []);
    return names.filter((name) => name.startsWith("work-"));
  }

  const stored = () => readdir(join(home.path, "registry/breakwater/vulndb"));

  test.each([
    [
      "while it fetches",
      async () => {
        await using server = startWebServer(() => new Promise<Response>(() => {}));
        expect(await kill(server.url, async () => server.requests.length > 0)).toBeNull();
      },
    ],
    [
      "while it compiles",
      async () => {
        const compiling = async () => (await working()).some((name) => name.includes("database.sqlite"));
        expect(await kill(sharedFeed("osv/Go/all.zip"), compiling)).toBeNull();
      },
    ],
    [
      "when it has put the new one into the storage",
      async () => {
        const before = (await stored()).length;
        await kill(sharedFeed("osv/RubyGems/all.zip"), async () => (await stored()).length > before);
      },
    ],
  ])("%s leaves a database that holds, and the next one is made", async (_, interrupt) => {
    await interrupt();
    await using services = await openRooms(home.path, env(sharedFeed("osv/npm/all.zip")));
    expect(await holding(services)).toBeString();
    await forgetLease(services);
    const { feeds } = await services.feeds.update({ ...request, names: "all" });
    expect(feeds).toMatchObject([{ error: null }]);
    expect((await services.feeds.overview()).version).toBe((await holding(services)) ?? "");
    expect(await working()).toEqual([]);
    const findings: string[] = [];
    const { fsck } = services.registry;
    await fsck.run({
      ...{ deep: true, repair: true, discardUnknown: false, grace: 0, onProgress: () => {} },
      onFinding: ({ kind, severity }) => findings.push(`${severity} ${kind}`),
    });
    expect(findings.filter((finding) => !finding.startsWith("leftover"))).toEqual([]);
  });
});
