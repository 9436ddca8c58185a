import { describe, expect, test } from "bun:test";
import { createHmac, createSecretKey } from "node:crypto";
import fc from "fast-check";
import { decodeJwt, generateKeyPair, SignJWT } from "jose";
import { anonymous, type Principal, type TokenAccess } from "../../src/access/index.ts";
import { deriveKey } from "../../src/access/keys.ts";
import { Tokens } from "../../src/access/tokens.ts";
import { hour, second } from "../../src/kernel/index.ts";
import { installationSecret, refusal, tokenOptions } from "./harness.ts";

const key = deriveKey(installationSecret, "tokens");
const alice: Principal = { kind: "user", id: 7, name: "alice", admin: false };
const access: TokenAccess[] = [
  { type: "repository", name: "library/alpine", actions: ["pull"] },
  { type: "registry", name: "catalog", actions: ["*"] },
];
const start = Date.UTC(2026, 0, 31, 12);

function make() {
  const clock = { now: start };
  return { clock, tokens: new Tokens({ ...tokenOptions, key }, () => clock.now) };
}

test("a token says who, for what and until when, in Docker's claims", async () => {
  const { tokens } = make();
  const issued = await tokens.issue(alice, access);
  expect(issued).toMatchObject({ expires_in: 1800, issued_at: "2026-01-31T12:00:00.000Z" });
  const now = start / second;
  expect(decodeJwt(issued.token)).toEqual({
    iss: "breakwater",
    sub: "alice",
    aud: "harbor-registry",
    iat: now,
    nbf: now - 10,
    exp: now + 1800,
    jti: expect.any(String),
    access,
    kind: "user",
    id: 7,
  });
});

test("a verified token answers what it allows; the second time at once", async () => {
  const { tokens } = make();
  const { token } = await tokens.issue(alice, access);
  const first = await tokens.verify(token);
  const again = tokens.verify(token);
  expect(again).toEqual(first);
  if (again instanceof Promise || again.state !== "valid") throw new Error("it was not remembered");
  expect(again.token).toMatchObject({ kind: "user", name: "alice", id: 7, subject: "user:7", catalog: true });
  expect(again.token.allows("library/alpine", "pull")).toBe(true);
  expect(again.token.allows("library/alpine", "push")).toBe(false);
  expect(again.token.allows("library/other", "pull")).toBe(false);
  expect(again.token.allows("catalog", "*")).toBe(false);
});

test("nobody's token is nobody's", async () => {
  const { tokens } = make();
  const { token } = await tokens.issue(anonymous, []);
  expect(await tokens.verify(token)).toMatchObject({
    state: "valid",
    token: { kind: "anonymous", name: "anonymous", id: null, subject: "anonymous", catalog: false },
  });
});

test.each([["remembered"], ["seen for the first time"]])(
  "a token that is %s expires, is known for a day, then no more",
  async (how) => {
    const { clock, tokens } = make();
    const { token } = await tokens.issue(alice, access);
    const verify = () => {
      const on = how === "remembered" ? tokens : new Tokens({ ...tokenOptions, key }, () => clock.now);
      return on.verify(token);
    };
    expect((await verify()).state).toBe("valid");
    clock.now += 1800 * second - 1;
    expect((await verify()).state).toBe("valid");
    clock.now += 1;
    expect(await verify()).toMatchObject({ state: "expired", token: { subject: "user:7" } });
    clock.now += 24 * hour - 1;
    expect((await verify()).state).toBe("expired");
    clock.now += 1;
    expect((await verify()).state).toBe("invalid");
  },
);

describe("refused", () => {
  const claims = { access, kind: "user", id: 7, sub: "alice", iss: "breakwater", aud: "harbor-registry" };
  const now = start / second;
  const times = { iat: now, nbf: now, exp: now + 60, jti: "1" };
  const sign = (payload: object, header: object = {}, withKey: Uint8Array = key) =>
    new SignJWT({ ...claims, ...times, ...payload })
      .setProtectedHeader({ alg: "HS256", typ: "JWT", ...header })
      .sign(createSecretKey(withKey));
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const body = encode({ ...claims, ...times });

  test("nothing is wrong with the pattern of these tokens", async () => {
    expect((await make().tokens.verify(await sign({}))).state).toBe("valid");
  });

  const hmac512 = (text: string) => createHmac("sha512", key).update(text).digest("base64url");
  const cases: [string, () => Promise<string> | string][] = [
    ["another installation's key", () => sign({}, {}, deriveKey(new Uint8Array(32), "tokens"))],
    ["the key for another purpose", () => sign({}, {}, deriveKey(installationSecret, "csrf"))],
    ["the installation's secret itself", () => sign({}, {}, installationSecret)],
    ["another issuer", () => sign({ iss: "harbor" })],
    ["another service", () => sign({ aud: "harbor-notary" })],
    ["no service", () => sign({ aud: undefined })],
    ["a beginning in the future", () => sign({ nbf: now + 60 })],
    ["no expiry", () => sign({ exp: undefined })],
    ["an expiry that is no number", () => sign({ exp: "never" })],
    ["no subject", () => sign({ sub: undefined })],
    ["an unknown kind", () => sign({ kind: "root" })],
    ["a user without a number", () => sign({ id: undefined })],
    ["access that is no list", () => sign({ access: "everything" })],
    ["another type of token", () => sign({}, { typ: "at+jwt" })],
    [
      "an unknown critical header",
      () =>
        sign({}, {}).then(
          (t) => `${encode({ alg: "HS256", typ: "JWT", crit: ["x"] })}${t.slice(t.indexOf("."))}`,
        ),
    ],
    ["no algorithm", () => `${encode({ alg: "none", typ: "JWT" })}.${body}.`],
    ["no algorithm, in capitals", () => `${encode({ alg: "NONE", typ: "JWT" })}.${body}.`],
    [
      "another HMAC with the right key",
      () => {
        const signed = `${encode({ alg: "HS512", typ: "JWT" })}.${body}`;
        return `${signed}.${hmac512(signed)}`;
      },
    ],
    [
      "an asymmetric algorithm",
      async () => {
        const { privateKey } = await generateKeyPair("ES256");
        return new SignJWT({ ...claims, ...times })
          .setProtectedHeader({ alg: "ES256", typ: "JWT" })
          .sign(privateKey);
      },
    ],
    ["nothing", () => ""],
    ["dots", () => ".."],
    ["a megabyte", () => "a".repeat(1_000_000)],
    ["more than a header holds, though signed", () => sign({ padding: "x".repeat(8192) })],
  ];
  test.each(cases)("%s", async (_, token) => {
    expect(await make().tokens.verify(await token())).toEqual({ state: "invalid" });
  });

  test("any change to any character", async () => {
    const { tokens } = make();
    const { token } = await tokens.issue(alice, access);
    await tokens.verify(token);
    const position = fc.nat({ max: token.length - 1 });
    const character = fc.constantFrom(..."ABCDxyz0189-_.=+/ ");
    await fc.assert(
      fc.asyncProperty(position, character, async (at, other) => {
        // The last character of a base64url text may hold bits that mean nothing; the one before has none.
        const index = Math.min(at, token.length - 2);
        fc.pre(token[index] !== other);
        const changed = token.slice(0, index) + other + token.slice(index + 1);
        expect((await tokens.verify(changed)).state).toBe("invalid");
      }),
      { numRuns: 300 },
    );
  });

  test("whatever text", async () => {
    const { tokens } = make();
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), async (text) => {
        expect((await tokens.verify(text)).state).toBe("invalid");
      }),
    );
  });
});

test("a token that would not fit into a header is not issued", async () => {
  const many = Array.from({ length: 200 }, (_, n) => ({
    type: "repository",
    name: `library/image-${n}`,
    actions: ["pull"],
  }));
  expect(await refusal(make().tokens.issue(alice, many))).toBe("BAD_REQUEST");
});
