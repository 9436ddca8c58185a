import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { AzureServer } from "./azure.ts";

export interface CopyingAzure extends AsyncDisposable {
  /** The endpoint for `AzureServer.options`. */
  readonly endpoint: string;
  /** Blocks copied so far. */
  readonly copies: number;
}

/**
 * What Azure does and Azurite does not: "Put Block From URL", in front of an Azurite. The source's URL must be good
 * by itself, as for the service; everything else is passed on unchanged.
 */
export async function copyBlocks(azure: AzureServer): Promise<CopyingAzure> {
  let copies = 0;
  const server = createServer((incoming, outgoing) => {
    const source = incoming.headers["x-ms-copy-source"];
    if (typeof source !== "string" || !incoming.url?.includes("comp=block&")) {
      passOn(azure.host, incoming, outgoing);
      return;
    }
    copies++;
    copy(azure, incoming, source).then(
      () => outgoing.writeHead(201, { "x-ms-request-id": "copied" }).end(),
      (error) => outgoing.writeHead(400).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: azure.options().endpoint.replace(azure.host, `127.0.0.1:${port}`),
    get copies() {
      return copies;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function passOn(host: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method, url, headers } = incoming;
  const onward = request(`http://${host}${url}`, { method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  onward.on("error", () => outgoing.destroy());
  outgoing.on("close", () => onward.destroy());
  incoming.pipe(onward);
}

async function copy(azure: AzureServer, incoming: IncomingMessage, source: string): Promise<void> {
  const answer = await fetch(source, { headers: { range: String(incoming.headers["x-ms-source-range"]) } });
  if (!answer.ok) throw new Error(`The source answers ${answer.status}.`);
  const url = new URL(incoming.url ?? "", "http://localhost");
  const [, , container = "", ...name] = url.pathname.split("/").map(decodeURIComponent);
  const bytes = await answer.bytes();
  await azure.client
    .getContainerClient(container)
    .getBlockBlobClient(name.join("/"))
    .stageBlock(url.searchParams.get("blockid") ?? "", bytes, bytes.length);
}
