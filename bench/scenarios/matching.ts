import { matchIdentity } from "../../src/scan/match/match.ts";
import {
  exchange,
  fillImages,
  openScanned,
  packagesOf,
  type ScannedImages,
} from "../datasets/scanned-images.ts";
import type { Bench, Row, Scenario } from "../scenario.ts";
import { limit, milliseconds, seconds } from "../statistics.ts";

/** How long it takes to know what is known against images, once it is known what is in them. */
export const matching: Scenario = {
  name: "matching",
  needs: [],
  alone: true,
  async run(bench) {
    const count = bench.quick ? 1_000 : 10_000;
    await using scanned = await openScanned(bench.folder);
    await exchange(scanned, bench.folder, 0);
    await fillImages(scanned, count);
    await scanned.scan.images.rematch.run(async () => {});
    return [
      await matchOne(bench, scanned),
      ...(await matchAll(bench, scanned, count)),
      ...(await searchHub(bench, scanned, count)),
    ];
  },
};

async function matchOne(bench: Bench, { scan }: ScannedImages): Promise<Row> {
  const known = scan.vulnerabilities.current();
  if (known === null) throw new Error("there is no vulnerability database");
  const packages = packagesOf(0);
  const times: number[] = [];
  for (let run = 0; run < bench.runs * 5; run++) {
    const started = performance.now();
    for (const identity of packages) matchIdentity(known, identity);
    times.push(performance.now() - started);
  }
  return limit("matching an image of 150 packages", milliseconds, times, 20);
}

async function matchAll(bench: Bench, scanned: ScannedImages, count: number): Promise<Row[]> {
  const times: number[] = [];
  const pauses: number[] = [];
  for (let run = 1; run <= bench.runs; run++) {
    await exchange(scanned, bench.folder, run * 50);
    await scanned.scan.vulnerabilities.refresh();
    const loop = watchLoop();
    const started = performance.now();
    const report = await scanned.scan.images.rematch.run(async () => {});
    times.push((performance.now() - started) / 1000);
    pauses.push(loop.longest());
    if (report === null || report.changed === 0) throw new Error("nothing was matched anew");
  }
  const images = count.toLocaleString("en-US");
  return [
    limit(`matching ${images} images of 150 packages again`, seconds, times, 30),
    limit("the longest that others wait meanwhile", milliseconds, pauses, 50),
  ];
}

/** How long others had to wait for the thread. */
function watchLoop(): { longest(): number } {
  let last = performance.now();
  let longest = 0;
  const every = 2;
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last - every);
    last = now;
  };
  const timer = setInterval(look, every);
  return {
    longest() {
      look();
      clearInterval(timer);
      return longest;
    },
  };
}

async function searchHub(bench: Bench, { scan }: ScannedImages, count: number): Promise<Row[]> {
  const images = count.toLocaleString("en-US");
  const page = { criteria: new Map(), sort: [], limit: 15, offset: 0 };
  const { items } = await scan.hub.search(page, { tags: false, countUpTo: null });
  const one = new Map([["cve_id", { kind: "is", value: items[0]?.id ?? "" } as const]]);
  const measure = async (figure: string, work: () => Promise<unknown>) => {
    const times: number[] = [];
    for (let run = 0; run < bench.runs * 3; run++) {
      const started = performance.now();
      await work();
      times.push(performance.now() - started);
    }
    return limit(figure, milliseconds, times, 100);
  };
  const options = { tags: true, countUpTo: 1_000 };
  return [
    await measure(`which of ${images} images a CVE affects`, () =>
      scan.hub.search({ ...page, criteria: one }, options),
    ),
    await measure("the hub's summary, with the worst", () =>
      Promise.all([scan.hub.summary(), scan.hub.worstVulnerabilities(), scan.hub.worstImages()]),
    ),
  ];
}
