import { createServer } from "node:net";

/**
 * Ports for servers under test lie below Linux's range for outgoing connections (from 32768), so that between
 * our looking and the server's binding no client's socket can take one.
 */
const FIRST = 20_000;
const LAST = 32_000;

function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.once("error", () => resolve(false));
    probe.listen({ port, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** As many different ports as asked for, each free at this moment. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  while (found.size < count) {
    const candidate = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (!found.has(candidate) && (await isFree(candidate))) found.add(candidate);
  }
  return [...found];
}

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  if (port === undefined) throw new Error("freePorts(1) returned none");
  return port;
}
