import { fillLargeRegistry, project, repositoryName, tagged, tagNumber } from "../datasets/large-registry.ts";
import { copyTo, seed } from "../datasets/seed.ts";
import { catalogAuthorization, startBreakwater } from "../peers/breakwater.ts";
import type { Peer } from "../peers/peer.ts";
import type { Bench, Row, Scenario } from "../scenario.ts";
import { limit, median, milliseconds } from "../statistics.ts";
import { signIn } from "../tools/session.ts";
import { type Load, type LoadResult, wrk } from "../tools/wrk.ts";

const artifacts = "/api/v2.0/projects/library/repositories/tags/artifacts";
const repositoriesOf = (name: string) => `/api/v2.0/projects/${name}/repositories`;

/** Whether a request's time grows with the registry: each page is asked for in the middle of the list. */
export const largeRegistry: Scenario = {
  name: "large-registry",
  needs: ["openssl", "wrk"],
  alone: true,
  async run(bench) {
    const size: Size = bench.quick
      ? { tags: 4_000, repositories: 400 }
      : { tags: 100_000, repositories: 10_000 };
    await using filled = await seed(bench, (peer) => fillLargeRegistry(peer, size.tags, size.repositories));
    const folder = await copyTo(filled, bench, "large");
    await using peer = await startBreakwater({ folder, certificate: bench.certificate, scheme: "https" });
    const ready = `ready, with ${count(size.tags)} tags and ${count(size.repositories)} repositories`;
    return [
      ...(await readPages(bench, peer, size)),
      ...(await deleteTags(bench, peer, size)),
      limit(ready, milliseconds, [peer.readyAfter], 1000),
    ];
  },
};

interface Size {
  readonly tags: number;
  readonly repositories: number;
}

async function readPages(bench: Bench, peer: Peer, { tags, repositories }: Size): Promise<Row[]> {
  const session = await signIn(peer);
  const token = await peer.authorization([tagged]);
  const catalog = await catalogAuthorization(peer);
  const tag = `t${tagNumber(tags / 2)}`;
  const repository = repositoryName(repositories / 2);
  const page = (of: string, path: string, headers: Record<string, string>) =>
    repeat(bench, `a page of ${of}`, { url: `${peer.origin}${path}`, headers });
  return [
    await page(`${count(tags)} tags (/v2, n=100)`, `/v2/${tagged}/tags/list?n=100&last=${tag}`, token),
    await page(
      `${count(tags)} tagged artifacts (API, page_size=50)`,
      `${artifacts}?with_tag=true&page_size=50&page=${tags / 100}`,
      session,
    ),
    await page(
      `${count(repositories)} repositories (/v2, n=100)`,
      `/v2/_catalog?n=100&last=${repository}`,
      catalog,
    ),
    await page(
      `${count(repositories)} repositories (API, page_size=50)`,
      `${repositoriesOf(project)}?page_size=50&page=${repositories / 100}`,
      session,
    ),
  ];
}

async function deleteTags(bench: Bench, peer: Peer, { tags }: Size): Promise<Row[]> {
  const session = await signIn(peer);
  const token = await peer.authorization([tagged]);
  const removal = (way: string, path: string, headers: Record<string, string>, first: number) =>
    remove(bench, `deleting one of ${count(tags)} tags (${way})`, first, {
      url: `${peer.origin}${path}`,
      headers,
    });
  return [
    await removal("/v2", `/v2/${tagged}/manifests/t{n}`, token, tagNumber(tags / 4)),
    await removal("API", `${artifacts}/t{n}/tags/t{n}`, session, tagNumber(tags / 2)),
  ];
}

type Request = Pick<Load, "url" | "headers">;

/** One request after the other over one connection: what a person waits for. */
async function repeat(bench: Bench, figure: string, request: Request): Promise<Row> {
  const results: LoadResult[] = [];
  for (let run = 0; run < bench.runs; run++) {
    results.push(await wrk(bench.folder, { ...request, connections: 1, seconds: bench.quick ? 1 : 2 }));
  }
  return latency(figure, results);
}

/** Counts up from a tag: no two requests delete the same one. */
async function remove(bench: Bench, figure: string, first: number, request: Request): Promise<Row> {
  const results: LoadResult[] = [];
  let next = first;
  for (let run = 0; run < bench.runs; run++) {
    const load = { ...request, method: "DELETE", countFrom: next, connections: 1, seconds: 1 };
    const result = await wrk(bench.folder, load);
    results.push(result);
    // The request that was under way when wrk stopped is not among those that it counted.
    next += result.requests + 2;
  }
  return latency(figure, results);
}

/** The usual request decides, the slowest ones are shown. */
function latency(figure: string, results: readonly LoadResult[]): Row {
  const usual = results.map(({ p50 }) => p50);
  const slowest = milliseconds.show(median(results.map(({ p99 }) => p99)));
  const row = limit(figure, milliseconds, usual, 10);
  return { ...row, breakwater: `${row.breakwater} (p99 ${slowest})` };
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
