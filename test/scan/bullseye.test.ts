import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readFeed } from "../../src/scan/vulndb/index.ts";
import { isInstalled, run } from "../support/command.ts";
import { debianRoot } from "../support/debian-root.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { openOnSqlite } from "../support/engines.ts";
import { content } from "../support/image.ts";
import { missingFeeds, sharedFeed } from "../support/shared-feeds.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { imageOf, openScene } from "./images/scene.ts";

setDefaultTimeout(60_000);

const feed = sharedFeed("osv/Debian/all.zip");
const tools = ["dpkg", "dpkg-query", "python3", "tar"].filter((tool) => !isInstalled(tool));
const missing = tools.length > 0 ? `${tools.join(", ")} not installed` : missingFeeds();
const bullseye = debianRoot("bullseye");

describeUnless(missing, "Debian's advisories", () => {
  test("are matched as dpkg's own tools do, with versions about the fixes that there were", async () => {
    await using root = await temporaryDirectory("bullseye");
    await mkdir(join(root.path, "etc"));
    await mkdir(join(root.path, "var/lib/dpkg"), { recursive: true });
    await writeFile(join(root.path, "etc/os-release"), 'ID=debian\nVERSION_ID="11"\n');
    await writeFile(join(root.path, "var/lib/dpkg/status"), (await aboutEachFix()).join("\n"));
    const { found, expected } = await findingsIn(root.path);
    expect(expected.length).toBeGreaterThan(500);
    expect(found).toEqual(expected);
  });
});

describeUnless(missing ?? bullseye.missing, "Debian bullseye without its security updates", () => {
  test("has the findings that dpkg's own tools come to, and no others", async () => {
    const { found, expected, parts } = await findingsIn(bullseye.path);
    expect(expected.length).toBeGreaterThan(0);
    expect(found).toEqual(expected);
    expect(parts).toEqual(["Debian:11"]);
  });
});

/** Of some there are dozens of advisories, and each version is compared with each of them. */
const ofEach = 2;

/** Packages of which each has an older, the same, or a newer version than the one that mends it. */
async function aboutEachFix(): Promise<readonly string[]> {
  const changes = [
    (fixed: string) => fixed,
    (fixed: string) => `${fixed}~bpo11+1`,
    (fixed: string) => `${fixed}+b1`,
    (fixed: string) => fixed.replace(/\+deb\d+u\d+$/, ""),
    (fixed: string) => fixed.replace(/\d+$/, (digits) => String(Number(digits) + 9)),
    (fixed: string) => fixed.replace(/^(?:\d+:)?/, ""),
  ];
  const stanzas: string[] = [];
  const taken = new Map<string, number>();
  for await (const record of readFeed("osv", [feed])) {
    if (record.kind !== "advisory") continue;
    for (const { ecosystem, name, ranges } of record.advisory.affected) {
      const fixed = ranges[0]?.fixed ?? "1-1";
      const before = taken.get(name) ?? 0;
      if (ecosystem !== "Debian:11" || fixed === "0" || before === ofEach) continue;
      taken.set(name, before + 1);
      const version = changes[stanzas.length % changes.length]?.(fixed);
      const lines = [`Package: p${stanzas.length}`, "Status: install ok installed", `Version: ${version}`];
      stanzas.push(
        [
          ...lines,
          `Source: ${name}`,
          "Architecture: amd64",
          "Maintainer: X <x@debian.org>",
          "Description: x",
          "",
        ].join("\n"),
      );
    }
  }
  return stanzas;
}

interface Compared {
  readonly found: readonly string[];
  readonly expected: readonly string[];
  /** What coverage is about. */
  readonly parts: readonly string[] | undefined;
}

/** What an image of that root has against it, by this scanner and by a program that knows nothing of it. */
async function findingsIn(root: string): Promise<Compared> {
  await using scene = await openScene(openOnSqlite);
  await scene.knowFeeds([{ name: "debian", format: "osv", records: () => readFeed("osv", [feed]) }]);
  await scene.rematch();
  const files = ["etc", "usr/lib/os-release", "var/lib/dpkg"];
  const there = files.filter((file) => Bun.spawnSync(["test", "-e", join(root, file)]).exitCode === 0);
  const tar = Bun.spawn(["tar", "-C", root, "-c", ...there], { stdout: "pipe" });
  const layer = content("application/vnd.oci.image.layer.v1.tar", await tar.stdout.bytes());
  const id = await scene.push("library/bullseye", imageOf(layer), "1");
  await scene.work();
  const report = await scene.scan.images.report(id);
  const found = new Set(report?.findings.map(({ package: source, id }) => `${source} ${id}`));

  const script = join(import.meta.dir, "debian-findings.py");
  const { code, stdout, output } = await run(["python3", script, feed, join(root, "var/lib/dpkg")]);
  if (code !== 0) throw new Error(output);
  const parts = report?.coverage?.map(({ ecosystem }) => ecosystem);
  return { found: [...found].toSorted(), expected: stdout.trim().split("\n").toSorted(), parts };
}
