import { expect, test } from "bun:test";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { openGcs } from "../../src/blobs/index.ts";
import { eventually } from "../support/eventually.ts";
import { accountKey } from "../support/gcs.ts";

const ofGoogles = { "x-goog-generation": "1" };

/** Something that answers every request so. */
async function startAnswering(answer: (response: ServerResponse) => void) {
  let connections = 0;
  const server = createServer((request, response) => {
    request.resume();
    answer(response);
  });
  server.on("connection", (connection) => {
    connections++;
    connection.on("close", () => connections--);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const store = await openGcs({
    bucket: "images",
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    key: { json: accountKey },
    rootDirectory: "",
    caBundle: null,
    chunkSize: 1024 * 1024,
    redirect: null,
    patience: 100,
  });
  return {
    store,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

test("bytes of which the service does not say how many they are, are no answer of Google's", async () => {
  await using strange = await startAnswering((response) => {
    response.writeHead(200, ofGoogles).write("some ");
    response.end("bytes");
  });
  await expect(strange.store.get("some/key")).rejects.toMatchObject({ code: "UNAVAILABLE" });
});

test("nor is the whole where a part was asked for", async () => {
  await using strange = await startAnswering((response) => {
    response.writeHead(200, { ...ofGoogles, "content-length": "10" }).end("0123456789");
  });
  const part = Array.fromAsync(strange.store.read("some/key", 4, 8));
  await expect(part).rejects.toMatchObject({ code: "UNAVAILABLE" });
});

test("of an answer that is not taken no connection is kept", async () => {
  await using strange = await startAnswering((response) => {
    response.writeHead(200).write("and it goes on");
  });
  await expect(strange.store.get("some/key")).rejects.toMatchObject({ code: "UNAVAILABLE" });
  await eventually(
    async () => strange.connections(),
    (open) => open === 0,
  );
}, 40_000);
