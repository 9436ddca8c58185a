import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Services } from "../../src/serve/index.ts";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { eventually } from "../support/eventually.ts";
import { makeImage } from "../support/image.ts";
import { openRooms } from "../support/installation.ts";
import { openRepository, type RepositoryClient } from "../support/registry-client.ts";
import { Signer } from "./signer.ts";

interface AuditRecord {
  readonly resource: string;
  readonly username: string;
  readonly operation_description: string;
}

let server: Breakwater;
let rooms: Services;
let repository: RepositoryClient;

beforeAll(async () => {
  server = await startBreakwater({ workers: 2 });
  rooms = await openRooms(server.dataDir, { BREAKWATER_EXTERNAL_URL: `https://${server.host}` });
  repository = await openRepository(server, "library/app");
});
afterAll(async () => {
  await rooms[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function metrics(): Promise<string> {
  return (await fetch(`http://localhost:${server.metricsPort}/metrics`)).text();
}

test("a server tells of a signed tag that was pushed over: in the audit log, the metrics and its own log", async () => {
  const image = await makeImage();
  await repository.pushImage(image, "v1");
  const signer = await Signer.create(rooms.trust, `${server.host}/library/app`);
  const soon = new Date(Date.now() + 80 * 24 * 60 * 60 * 1000).toISOString();
  await signer.sign({ v1: image.manifest.digest }, { expires: soon });
  const evil = await makeImage();
  await repository.pushImage(evil, "v1");

  const records = await eventually(
    async () => {
      const response = await server.api("/projects/library/auditlog-exts?q=operation=tampered");
      return (await response.json()) as AuditRecord[];
    },
    ({ length }) => length > 0,
  );
  expect(records).toHaveLength(1);
  expect(records[0]).toMatchObject({ resource: "library/app:v1", username: "admin" });
  for (const digest of [image.manifest.digest, evil.manifest.digest]) {
    expect(records[0]?.operation_description).toContain(digest);
  }
  const text = await metrics();
  // Both workers know of the one tag.
  expect(text).toMatch(/^breakwater_trust_tampered_tags 1$/m);
  expect(text).toMatch(/^breakwater_trust_expired_tags 0$/m);
  expect(text).toMatch(/^breakwater_trust_alarms_total\{kind="tampered"\} 1$/m);
  const expiry = /^breakwater_trust_metadata_expiry_seconds\{gun="\S+library\/app",role="(\w+)"\} (\d+)$/gm;
  const ends = [...text.matchAll(expiry)].map(([, role, seconds]) => [
    role,
    Math.round(Number(seconds) / 86_400),
  ]);
  expect(ends).toEqual([["targets", 80]]);
  expect(await server.logs()).toContain('"kind":"tampered","repository":"library/app","tags":["v1"]');
});
