import type { Context, Next } from "hono";
import type { ApiEnv } from "./request.ts";

const json = /^application\/([\w.-]+\+)?json\b/i;

/**
 * An empty body is none, also where its type is said to be JSON: Harbor's clients name a type with each request, and
 * many endpoints take a body without needing it.
 */
export async function ignoreEmptyBody(c: Context<ApiEnv>, next: Next): Promise<void> {
  if (json.test(c.req.header("content-type") ?? "") && (await c.req.text()) === "") {
    const headers = new Headers(c.req.raw.headers);
    headers.delete("content-type");
    const { url, method, signal } = c.req.raw;
    c.req.raw = new Request(url, { method, headers, signal });
  }
  await next();
}
