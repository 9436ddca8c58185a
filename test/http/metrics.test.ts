import { expect, test } from "bun:test";
import { AggregatorRegistry } from "prom-client";
import { Metrics } from "../../src/http/metrics.ts";

/** The lines of one route, as Prometheus reads them of several processes together. */
async function linesOf(processes: readonly Metrics[], route: string): Promise<readonly string[]> {
  const parts = await Promise.all(processes.map(({ registry }) => registry.getMetricsAsJSON()));
  const text = await AggregatorRegistry.aggregate(parts as object[]).metrics();
  return text.split("\n").filter((line) => line.includes(`route="${route}"`));
}

test("each bucket counts what those before it do, of all processes together", async () => {
  const [one, two] = [new Metrics(), new Metrics()];
  one.countRequest("blob", "GET", 200, 0.001);
  one.countRequest("blob", "GET", 200, 0.002);
  two.countRequest("blob", "GET", 200, 400);
  two.countRequest("blob", "GET", 404, 0.3);

  const lines = await linesOf([one, two], "blob");

  const of = (part: string, code = "200") =>
    lines
      .filter((line) => line.includes(`_${part}{`) && line.includes(`code="${code}"`))
      .map((line) =>
        line.replace(/.*?(?:le="([^"]*)".*)? (\S+)$/, (_, le, value) => `${le ?? ""} ${value}`.trim()),
      );
  expect(of("bucket")).toEqual([
    "0.001 1",
    "0.005 2",
    "0.025 2",
    "0.1 2",
    "0.5 2",
    "2.5 2",
    "10 2",
    "60 2",
    "300 2",
    "+Inf 3",
  ]);
  expect(of("count")).toEqual(["3"]);
  expect(of("sum")).toEqual(["400.003"]);
  expect(of("bucket", "404").slice(3, 5)).toEqual(["0.1 0", "0.5 1"]);
});
