import { expect, test } from "bun:test";
import { join } from "node:path";
import { connect } from "node:tls";
import { ensureAuthority, ensureServerCertificate, RenewableListener } from "../../src/pki/index.ts";
import { freePort } from "../support/ports.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

/** Milliseconds; enough for a client's next request. */
const leaveAfter = 200;

async function setUp() {
  const home = await temporaryDirectory("listener");
  const authority = await ensureAuthority(home.path);
  const make = (name: string) =>
    ensureServerCertificate({ directory: join(home.path, name), authority, names: [name, "localhost"] });
  const port = await freePort();
  const gate = Promise.withResolvers<void>();
  const listener = new RenewableListener(
    await make("old"),
    {
      port,
      idleTimeout: 60,
      async fetch(request) {
        if (new URL(request.url).pathname === "/slow") await gate.promise;
        return new Response(`${(await request.bytes()).length}`);
      },
    },
    leaveAfter,
  );
  const request = (path: string, init: BunFetchRequestInit = {}) =>
    fetch(`https://localhost:${port}${path}`, {
      tls: { ca: authority.certificate },
      keepalive: false,
      ...init,
    });
  return {
    listener,
    make,
    port,
    request,
    letGo: gate.resolve,
    async [Symbol.asyncDispose]() {
      await listener.stop(true);
      await home[Symbol.asyncDispose]();
    },
  };
}

/** The name in the certificate that a new connection is shown. */
function servedName(port: number): Promise<string | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  const socket = connect({ host: "localhost", port, rejectUnauthorized: false }, () => {
    resolve(socket.getPeerCertificate().subject.CN?.toString());
    socket.destroy();
  });
  socket.once("error", reject);
  return promise;
}

test("new connections see the new certificate, and a request under way ends on the old one", async () => {
  await using set = await setUp();
  expect(await servedName(set.port)).toBe("old");
  const slow = set.request("/slow", { method: "PUT", body: new Uint8Array(5_000_000) });
  await Bun.sleep(100);
  set.listener.replace(await set.make("new"));
  await Bun.sleep(2 * leaveAfter);
  for (let connection = 0; connection < 5; connection++) expect(await servedName(set.port)).toBe("new");
  set.letGo();
  expect(await (await slow).text()).toBe("5000000");
});

test("a client that goes on over kept-alive connections loses no request, through many exchanges", async () => {
  await using set = await setUp();
  const pair = [await set.make("new"), await set.make("old")] as const;
  let done = false;
  let answered = 0;
  const client = async () => {
    for (; !done; answered++) {
      const answer = await set.request("/", { keepalive: true });
      expect(await answer.text()).toBe("0");
    }
  };
  const clients = Promise.all([client(), client(), client()]);
  for (let exchange = 0; exchange < 10; exchange++) {
    set.listener.replace(pair[exchange % 2 === 0 ? 0 : 1]);
    await Bun.sleep(50);
  }
  await Bun.sleep(2 * leaveAfter);
  done = true;
  await clients;
  expect(answered).toBeGreaterThan(10);
});

test("stopping waits for the listeners before too", async () => {
  await using set = await setUp();
  const slow = set.request("/slow");
  await Bun.sleep(100);
  set.listener.replace(await set.make("new"));
  let stopped = false;
  const stop = set.listener.stop().then(() => {
    stopped = true;
  });
  await Bun.sleep(50);
  expect(stopped).toBe(false);
  set.letGo();
  expect((await slow).status).toBe(200);
  await stop;
});

test("a certificate that cannot be served leaves the old one in place", async () => {
  await using set = await setUp();
  const broken = { ...(await set.make("new")), certificate: "nonsense" };
  expect(() => set.listener.replace(broken)).toThrow();
  expect(await servedName(set.port)).toBe("old");
});
