import { expect, test } from "bun:test";
import { basicAuth, startBreakwater } from "../support/breakwater.ts";
import { eventually } from "../support/eventually.ts";

const client = "192.0.2.7";
const front = "registry.example.com";
const forwarded = { "x-forwarded-for": client, "x-forwarded-proto": "https", "x-forwarded-host": front };

const start = (trusted: string) =>
  startBreakwater({ http: true, config: { breakwater: { trusted_proxies: trusted } } });

test("behind a proxy that is trusted: cookies, tokens' realm, throttle and audit are the client's", async () => {
  await using server = await start("127.0.0.1, ::1");
  const challenge = (await server.fetch("/v2/", { headers: forwarded })).headers.get("www-authenticate");
  expect(challenge).toStartWith(`Bearer realm="https://${front}/service/token"`);

  const { username: principal, password } = server.admin;
  const body = () => new URLSearchParams({ principal, password });
  const login = (headers: Record<string, string>) =>
    server.fetch("/c/login", { method: "POST", headers, body: body() });
  expect((await login(forwarded)).headers.get("set-cookie")).toContain("; Secure");
  expect((await login({})).headers.get("set-cookie")).not.toContain("; Secure");
  const logs = await eventually(
    async () => await (await server.api("/auditlog-exts?q=operation%3Dlogin")).text(),
    (text) => text.includes(client),
  );
  expect(logs).toContain(client);

  const guess = async (address: string) => {
    const authorization = basicAuth({ username: "nobody", password: "wrong" });
    const headers = { ...forwarded, "x-forwarded-for": address, authorization };
    return (await server.fetch("/service/token", { headers })).status;
  };
  let status = 0;
  // An address has its guesses; what it writes in front of itself does not give it others.
  for (let at = 0; at < 60 && status !== 429; at++) status = await guess(`198.51.100.${at}, 203.0.113.5`);
  expect(status).toBe(429);
  expect(await guess("203.0.113.6")).toBe(401);
});

test("who is no trusted proxy is itself, whatever it says", async () => {
  await using server = await start("192.0.2.0/24");
  const challenge = (await server.fetch("/v2/", { headers: forwarded })).headers.get("www-authenticate");
  expect(challenge).toStartWith(`Bearer realm="${server.url}/service/token"`);
  const authorization = basicAuth({ username: "nobody", password: "wrong" });
  let status = 0;
  for (let at = 0; at < 60 && status !== 429; at++) {
    const headers = { ...forwarded, "x-forwarded-for": `198.51.100.${at}`, authorization };
    status = (await server.fetch("/service/token", { headers })).status;
  }
  expect(status).toBe(429);
});
