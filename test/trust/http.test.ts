import { afterAll, beforeAll, expect, test } from "bun:test";
import { createGate } from "../../src/http/tuf/gate.ts";
import type { TufServices } from "../../src/http/tuf/services.ts";
import { BreakwaterError } from "../../src/kernel/index.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";
import { Author, signed } from "./author.ts";
import { answerOf, Side } from "./comparison.ts";
import { makeCertificate, missingNotary, NotaryServer, type ServerCertificate } from "./notary.ts";
import { reads } from "./requests.ts";
import { host, startTrustServer } from "./trust-server.ts";
import { multipart } from "./upload.ts";

describeUnless(missingNotary, "Notary's API over HTTP", () => {
  let directory: TemporaryDirectory;
  let certificate: ServerCertificate;
  let author: Author;

  beforeAll(async () => {
    directory = await temporaryDirectory("trust-http");
    certificate = await makeCertificate(directory.path);
    author = await Author.create(`${host}/http/image`);
  });

  afterAll(() => directory[Symbol.asyncDispose]());

  const own = (options: Partial<TufServices> = {}) => startTrustServer(certificate, options);
  const side = (server: { readonly url: string }) => new Side(server.url, certificate.certificate);

  test("names that do not begin as configured are refused as Notary refuses them, before who asks is looked at", async () => {
    const gunPrefixes = ["registry.example/", "localhost:8443/allowed/"];
    await using theirs = await NotaryServer.start(certificate, {
      repositories: { gun_prefixes: gunPrefixes },
    });
    await using ours = await own({
      gunPrefixes,
      authorize: async (_, need) => {
        if (need.kind !== "repository" || need.gun.startsWith("localhost:8443/allowed/")) {
          return { kind: "anonymous", name: "anonymous", address: "", requestId: "" };
        }
        throw new Error("asked who it is");
      },
    });
    for (const path of ["other/image", "localhost:8443/allowed/image"]) {
      for (const [rest, init] of [
        ["tuf/", multipart([])],
        ["tuf/", { method: "DELETE" }],
        ["tuf/root.json", {}],
        ["tuf/timestamp.key", {}],
        ["changefeed?records=1", {}],
      ] as const) {
        const send = async (to: Side) => answerOf(await to.fetch(`/v2/${path}/_trust/${rest}`, init));
        expect(await send(side(ours))).toEqual(await send(side(theirs)));
      }
    }
  });

  test("who is refused learns what was needed, as from Notary", async () => {
    const options = { realm: "https://localhost/service/token", service: "harbor-notary", issuer: "x" };
    await using theirs = await NotaryServer.start(certificate, {
      auth: { type: "token", options: { ...options, rootcertbundle: certificate.certificate } },
    });
    await using harness = await own();
    const gate = createGate({
      // Nobody gets as far as to need them.
      access: {} as never,
      rights: {} as never,
      audit: {} as never,
      grants: async () => null,
      isGun: () => true,
      service: options.service,
      tokenUrl: "https://localhost",
    });
    await using ours = await own({ ...gate, trust: harness.harness.trust });
    const gun = "localhost:8443/library/image";
    for (const [path, method] of [
      ["/v2/", "GET"],
      [`/v2/${gun}/_trust/tuf/`, "POST"],
      [`/v2/${gun}/_trust/tuf/`, "DELETE"],
      [`/v2/${gun}/_trust/tuf/root.json`, "GET"],
      [`/v2/${gun}/_trust/tuf/1.root.json`, "GET"],
      [`/v2/${gun}/_trust/tuf/root.${"a".repeat(64)}.json`, "GET"],
      [`/v2/${gun}/_trust/tuf/snapshot.key`, "GET"],
      [`/v2/${gun}/_trust/tuf/snapshot.key`, "POST"],
      [`/v2/${gun}/_trust/changefeed`, "GET"],
      ["/v2/_trust/changefeed", "GET"],
    ] as const) {
      const send = async (to: Side) => {
        const response = await to.fetch(path, { method });
        return {
          challenge: normalised(response.headers.get("www-authenticate")),
          ...(await answerOf(response)),
        };
      };
      expect(await send(side(ours))).toEqual(await send(side(theirs)));
    }
  });

  test("a refusal of an upload is one error in less than 1024 bytes, whatever was sent", async () => {
    await using ours = await own();
    const long = "x".repeat(5_000);
    const roles = { root: { keyids: [long], threshold: 1 } };
    const root = signed({ _type: long, version: 1, roles }, author.rootKey);
    const uploads: readonly (readonly [string, Uint8Array | string])[] = [
      ["root", root],
      ["root", signed({ _type: "Root", version: 1, roles: {}, "<&>": 1 }, author.rootKey)],
      ["root", JSON.stringify({ signed: { _type: "ü\ud83d\ude00".repeat(900), version: 1 } })],
      [`targets/${long}`, "{}"],
      [`targets/${"é\u0001".repeat(700)}`, "{}"],
    ];
    for (const upload of uploads) {
      const response = await side(ours).tuf(author.gun, "", multipart([upload]));
      expect(response.status).toBe(400);
      const body = await response.text();
      expect(Buffer.byteLength(body)).toBeLessThan(1024);
      const { errors } = JSON.parse(body) as { errors: { code: string; message: string }[] };
      expect(errors).toHaveLength(1);
      expect(errors[0]?.code).toMatch(/^[A-Z_]+$/);
    }
  });

  test("an upload without end is not read to its end (TUF specification 1.0, section 1.5.2)", async () => {
    await using ours = await own();
    const chunk = new Uint8Array(1024 * 1024).fill(32);
    let sent = 0;
    const body = new ReadableStream({
      pull(controller) {
        if (sent++ < 200) controller.enqueue(chunk);
        else controller.close();
      },
    });
    const type = "multipart/form-data; boundary=b";
    const response = await side(ours)
      .tuf(author.gun, "", { method: "POST", headers: { "content-type": type }, body })
      // The server may hang up on who goes on sending.
      .catch(() => null);
    if (response !== null) expect(response.status).toBe(400);
    expect(sent).toBeLessThan(200);
  });

  test("says what is wrong with the server", async () => {
    await using ours = await own({ health: async () => ({ database: "It does not answer." }) });
    const response = await side(ours).fetch("/_notary_server/health");
    expect([response.status, await response.json()]).toEqual([503, { database: "It does not answer." }]);
  });

  test("a failure of the server's is UNKNOWN, and tells nothing of its insides", async () => {
    await using ours = await own({
      authorize: async () => {
        throw new Error("secret");
      },
    });
    const response = await side(ours).tuf(author.gun, "root.json");
    const body = await response.text();
    expect([response.status, JSON.parse(body).errors[0].code, body.includes("secret")]).toEqual([
      500,
      "UNKNOWN",
      false,
    ]);
  });

  test("too many wrong passwords are answered as such", async () => {
    await using ours = await own({
      authorize: async () => {
        throw new BreakwaterError("TOOMANYREQUESTS", undefined, { detail: { retryAfter: 7 } });
      },
    });
    const response = await side(ours).tuf(author.gun, "root.json");
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "7"]);
  });

  test("a GUN may be written with percent signs", async () => {
    await using ours = await own();
    const gun = encodeURIComponent(author.gun);
    for (const step of reads.slice(0, 1)) expect((await step.send(side(ours), author)).status).toBe(200);
    const response = await side(ours).fetch(`/v2/${gun}/_trust/tuf/timestamp.key`);
    const same = await side(ours).tuf(author.gun, "timestamp.key");
    expect(await response.text()).toBe(await same.text());
    expect((await side(ours).fetch("/v2/%ff/_trust/tuf/root.json")).status).toBe(404);
  });
});

/** The order of actions in a scope is a map's, in Go. */
function normalised(challenge: string | null): string | null {
  return (
    challenge?.replace(/scope="([^"]*):([^":]*)"/, (_, name, actions: string) => {
      return `scope="${name}:${actions.split(",").sort().join(",")}"`;
    }) ?? null
  );
}
