/** A port that is free now. Another program could take it before the server does; the start then fails loudly. */
export function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  try {
    return listener.port;
  } finally {
    listener.stop(true);
  }
}
