import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Breakwater } from "../support/breakwater.ts";

/** What came back over the wire. */
export interface RawAnswer {
  /** As Latin-1. */
  readonly text: string;
  /** Of each answer: several when requests were sent one after the other. */
  readonly statuses: readonly number[];
  /** False when the server left the connection open. */
  readonly closed: boolean;
}

export interface RawOptions {
  /** Milliseconds between two parts. */
  readonly pause?: number;
  /** Milliseconds to wait for what comes after the last part. */
  readonly patience?: number;
}

export function openSocket(server: Breakwater): Socket {
  const target = { host: "127.0.0.1", port: server.port };
  const socket = server.url.startsWith("https")
    ? connectTls({ ...target, rejectUnauthorized: false })
    : connect(target);
  return socket.on("error", () => {});
}

/** Sends bytes that no HTTP client would send, and reads until the server closes or has been silent for long. */
export async function sendRaw(
  server: Breakwater,
  parts: string | readonly (string | Uint8Array)[],
  { pause = 0, patience = 1_500 }: RawOptions = {},
): Promise<RawAnswer> {
  const ended = Promise.withResolvers<boolean>();
  const chunks: Uint8Array[] = [];
  const socket = openSocket(server);
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.on("close", () => ended.resolve(true));
  for (const part of typeof parts === "string" ? [parts] : parts) {
    socket.write(typeof part === "string" ? Buffer.from(part, "latin1") : part);
    if (pause > 0) await Bun.sleep(pause);
  }
  setTimeout(() => ended.resolve(false), patience);
  const closed = await ended.promise;
  socket.destroy();
  const text = Buffer.concat(chunks).toString("latin1");
  const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
  return { text, statuses, closed };
}

/** A request's head, closed by an empty line, with a Host unless the headers name one. */
export function head(start: string, headers: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries({ Host: "localhost", Connection: "close", ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return [start, ...lines, "", ""].join("\r\n");
}
