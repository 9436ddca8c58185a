import { fillLargeRegistry, project, repositoryName, tagged, tagNumber } from "../datasets/large-registry.ts";
import { copyTo, seed } from "../datasets/seed.ts";
import { catalogAuthorization, startBreakwater } from "../peers/breakwater.ts";
import type { Bench, Row, Scenario } from "../scenario.ts";
import { limit, median, milliseconds } from "../statistics.ts";
import { signIn } from "../tools/session.ts";
import { type Load, type LoadResult, wrk } from "../tools/wrk.ts";

const target = 10;
const artifacts = `/api/v2.0/projects/library/repositories/tags/artifacts`;

/** Whether a request's time grows with the registry: each page is asked for in the middle of the list. */
export const largeRegistry: Scenario = {
  name: "large-registry",
  needs: ["openssl", "wrk"],
  alone: true,
  async run(bench) {
    const tags = bench.quick ? 4_000 : 100_000;
    const repositories = bench.quick ? 400 : 10_000;
    await using filled = await seed(bench, (peer) => fillLargeRegistry(peer, tags, repositories));
    const folder = await copyTo(filled, bench, "large");
    const { certificate } = bench;
    await using peer = await startBreakwater({ folder, certificate, scheme: "https" });

    const token = await peer.authorization([tagged]);
    const session = await signIn(peer);
    const at = (path: string) => `${peer.origin}${path}`;
    const half = { tag: `t${tagNumber(tags / 2)}`, repository: repositoryName(repositories / 2) };
    const pages: [string, string, Record<string, string>][] = [
      ["/v2 tags, n=100", `/v2/${tagged}/tags/list?n=100&last=${half.tag}`, token],
      ["API artifacts, page_size=50", `${artifacts}?with_tag=true&page_size=50&page=${tags / 100}`, session],
      ["/v2 catalog, n=100", `/v2/_catalog?n=100&last=${half.repository}`, await catalogAuthorization(peer)],
      [
        "API repositories, page_size=50",
        `/api/v2.0/projects/${project}/repositories?page_size=50&page=${repositories / 100}`,
        session,
      ],
    ];
    const of = [tags, tags, repositories, repositories];
    const rows: Row[] = [];
    for (const [index, [name, path, headers]] of pages.entries()) {
      const figure = `a page of ${of[index]?.toLocaleString("en-US")} (${name})`;
      rows.push(latency(figure, await repeat(bench, { url: at(path), headers })));
    }
    return [
      ...rows,
      latency(
        `deleting one of ${tags} tags (/v2)`,
        await removals(bench, tags / 4, { url: at(`/v2/${tagged}/manifests/t{n}`), headers: token }),
      ),
      latency(
        `deleting one of ${tags} tags (API)`,
        await removals(bench, tags / 2, { url: at(`${artifacts}/t{n}/tags/t{n}`), headers: session }),
      ),
      limit(
        `ready, with ${tags} tags and ${repositories} repositories`,
        milliseconds,
        [peer.readyAfter],
        1000,
      ),
    ];
  },
};

type Request = Pick<Load, "url" | "headers">;

/** One request after the other over one connection: what a person waits for. */
async function repeat(bench: Bench, request: Request): Promise<LoadResult[]> {
  const results: LoadResult[] = [];
  for (let run = 0; run < bench.runs; run++) {
    results.push(await wrk(bench.folder, { ...request, connections: 1, seconds: bench.quick ? 1 : 2 }));
  }
  return results;
}

/** Counts up from one tag in the middle: no two requests delete the same one. */
async function removals(bench: Bench, first: number, request: Request): Promise<LoadResult[]> {
  const results: LoadResult[] = [];
  let next = tagNumber(first);
  for (let run = 0; run < bench.runs; run++) {
    const load = { ...request, method: "DELETE", countFrom: next, connections: 1, seconds: 1 };
    const result = await wrk(bench.folder, load);
    results.push(result);
    // The request that was under way when wrk stopped is not among those that it counted.
    next += result.requests + 2;
  }
  return results;
}

function latency(figure: string, results: readonly LoadResult[]): Row {
  const row = limit(
    figure,
    milliseconds,
    results.map((result) => result.p50),
    target,
  );
  const p99 = milliseconds.show(median(results.map((result) => result.p99)));
  return { ...row, breakwater: `${row.breakwater} (p99 ${p99})` };
}
