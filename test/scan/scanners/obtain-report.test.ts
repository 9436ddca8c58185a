import { describe, expect, test } from "bun:test";
import { Adapter } from "../../../src/scan/scanners/adapter/adapter.ts";
import { AdapterError } from "../../../src/scan/scanners/adapter/adapter-error.ts";
import { obtainReport } from "../../../src/scan/scanners/obtain-report.ts";
import { AdapterServer, problem, types } from "./adapter-server.ts";

const minute = 60_000;

const request = {
  registry: { url: "http://registry.example", authorization: `Basic ${btoa("robot$a:secret")}` },
  artifact: { repository: "a/b", digest: "sha256:1", tag: "", mime_type: types.manifest, size: 1 },
  kind: "vulnerability",
  reportType: types.generic,
} as const;

/** A scan by the server, with a clock that goes on by six minutes whenever somebody looks. */
async function scan(server: AdapterServer) {
  const log: string[] = [];
  let now = 0;
  const adapter = new Adapter({
    name: "Model",
    url: server.url,
    auth: "",
    credential: null,
    skipCertVerify: false,
    proxy: () => undefined,
  });
  const content = await obtainReport(adapter, request, {
    clock: () => (now += 6 * minute),
    note: (line) => log.push(line),
    signal: AbortSignal.timeout(30_000),
  });
  return { log, report: JSON.parse(new TextDecoder().decode(content)) };
}

/** Names its scans by their order, and calls all pending but the one. */
function onlyEnds(which: string): AdapterServer {
  let submitted = 0;
  const server: AdapterServer = new AdapterServer({
    scan: (_request, body) => {
      server.bodies.push(body);
      return Response.json({ id: `${++submitted}` }, { status: 202 });
    },
    report: (_request, id) =>
      id === which && submitted > 1
        ? Response.json({ vulnerabilities: [], which: id })
        : new Response(null, { status: 302, headers: { "refresh-after": "1" } }),
  });
  return server;
}

describe("a scan that is pending for very long", () => {
  test("is submitted again", async () => {
    await using server = onlyEnds("2");
    const { report, log } = await scan(server);
    expect(report).toMatchObject({ which: "2" });
    expect(server.bodies).toHaveLength(2);
    expect(log.join("\n")).toContain("submitted again");
  });

  test("counts all the same when it ends after that", async () => {
    await using server = onlyEnds("1");
    expect((await scan(server)).report).toMatchObject({ which: "1" });
    expect(server.bodies).toHaveLength(2);
  });
});

test("a scan that an adapter calls by its image's name is found by it when it was submitted again", async () => {
  // As Anchore's does: the name is known again after the adapter has lost what it stands for.
  await using server: AdapterServer = new AdapterServer({
    scan: (_request, body) => {
      server.bodies.push(body);
      return Response.json({ id: btoa(body.artifact.digest) }, { status: 202 });
    },
    report: () => (server.bodies.length > 1 ? Response.json({ vulnerabilities: [] }) : problem(404, "gone")),
  });
  expect((await scan(server)).report).toEqual({ vulnerabilities: [] });
  expect(server.bodies).toHaveLength(2);
}, 30_000);

test("a scan that the adapter forgets each time is given up", async () => {
  await using server = new AdapterServer({ report: () => problem(404, "cannot find scan job: 1") });
  const failure = await scan(server).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(AdapterError);
  expect(String(failure)).toContain("forgot the scan 3 times");
  expect(server.bodies).toHaveLength(3);
}, 30_000);
