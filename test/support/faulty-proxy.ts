import {
  createServer,
  type IncomingMessage,
  type OutgoingMessage,
  request,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";

/** What becomes of a request: it is passed on unless a fault says otherwise. */
export type Fault =
  /** Answered with this status, without asking the server. */
  | { readonly status: number }
  /** Taken, and never answered. */
  | "hang"
  /** The server's answer is cut off after so many bytes of its body. */
  | { readonly cutAfter: number }
  /** Answered 200 with nothing, without asking the server. */
  | "empty"
  /** Carried out by the server, whose answer is lost. */
  | "lose-answer";

export interface FaultyProxy extends AsyncDisposable {
  readonly endpoint: string;
  /** Requests that came, as `PUT /bucket/key?query`. */
  readonly seen: readonly string[];
  /** Asked for each request; null lets it pass. */
  choose: (line: string, request: IncomingMessage) => Fault | null;
}

/** A proxy in front of `host` that does to requests what a network and an overloaded server do. */
export async function startFaultyProxy(host: string): Promise<FaultyProxy> {
  const seen: string[] = [];
  const server = createServer((incoming, answer) => {
    const line = `${incoming.method} ${incoming.url}`;
    seen.push(line);
    const fault = proxy.choose(line, incoming);
    if (fault === "hang") return;
    if (fault === "empty") {
      incoming.resume();
      incoming.on("end", () => answer.end());
      return;
    }
    if (fault !== null && typeof fault === "object" && "status" in fault) {
      incoming.resume();
      // Kept open, the connection would wait for a body that the client may not send any more.
      incoming.on("end", () => answer.writeHead(fault.status, { connection: "close" }).end());
      return;
    }
    forward(host, incoming, answer, fault);
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", listening.resolve);
  await listening.promise;
  const proxy: FaultyProxy = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    choose: () => null,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
  return proxy;
}

function forward(
  host: string,
  incoming: IncomingMessage,
  answer: ServerResponse,
  fault: "lose-answer" | { readonly cutAfter: number } | null,
): void {
  // The signature covers the Host header, which is passed on as it came.
  const [hostname, port] = host.split(":");
  const { method = "GET", url = "/", headers } = incoming;
  const outgoing = request({ hostname, port, method, path: url, headers }, (reply) => {
    if (fault === "lose-answer") {
      reply.resume();
      reply.on("end", () => incoming.socket.destroy());
      return;
    }
    answer.writeHead(reply.statusCode ?? 502, reply.headers).flushHeaders();
    if (fault === null) reply.pipe(answer);
    else cut(reply, incoming, answer, fault.cutAfter);
  });
  outgoing.on("error", () => incoming.socket.destroy());
  incoming.pipe(outgoing satisfies OutgoingMessage);
}

function cut(reply: IncomingMessage, incoming: IncomingMessage, answer: ServerResponse, after: number): void {
  let sent = 0;
  reply.on("data", (piece: Buffer) => {
    answer.write(piece.subarray(0, Math.max(0, after - sent)));
    sent += piece.length;
    if (sent < after) return;
    reply.destroy();
    // What was written shall arrive before the end of the connection does.
    setTimeout(() => incoming.socket.destroy(), 50);
  });
  reply.on("end", () => answer.end());
}
