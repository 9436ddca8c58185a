import { join } from "node:path";
import { BreakwaterError } from "../../../kernel/index.ts";
import type { Login } from "../feed.ts";
import { download } from "./download.ts";
import { ask, type HttpAnswer } from "./http.ts";
import type { Found, Question } from "./question.ts";

/** A file from a web server, asked for only if it has changed (RFC 9110, section 13). */
export async function fetchUrl(question: Question): Promise<Found | null> {
  const { source, access, revision, folder, patience, signal } = question;
  const url = new URL(source);
  const headers = {
    // Of a file that is compressed itself, the file is wanted.
    "Accept-Encoding": "identity",
    ...authorization(access.login),
    ...condition(revision),
  };
  const answer = await ask(url, { ...access, patience, signal }, { headers });
  if (answer.status === 304 && revision !== null) {
    await answer.discard();
    return null;
  }
  if (answer.status !== 200) {
    await answer.discard();
    throw new BreakwaterError("UNAVAILABLE", `${url.href} is answered with ${answer.status}.`);
  }
  const path = join(folder, nameOf(url));
  const { sha256 } = await download(answer.body(), path, question);
  const modified = Date.parse(answer.headers.get("last-modified") ?? "");
  return { path, sha256, asOf: Number.isNaN(modified) ? null : modified, revision: revisionOf(answer) };
}

export function authorization(login: Login): Record<string, string> {
  switch (login.kind) {
    case "none":
      return {};
    case "basic":
      return {
        Authorization: `Basic ${Buffer.from(`${login.username}:${login.password}`).toString("base64")}`,
      };
    case "bearer":
      return { Authorization: `Bearer ${login.token}` };
  }
}

/** A weak `ETag` serves here too: who changes a feed changes more than its form. */
function revisionOf({ headers }: HttpAnswer): string | null {
  const etag = headers.get("etag");
  if (etag !== null) return `etag ${etag}`;
  const modified = headers.get("last-modified");
  return modified === null ? null : `modified ${modified}`;
}

function condition(revision: string | null): Record<string, string> {
  const [, kind, value = ""] = /^(etag|modified) (.*)$/.exec(revision ?? "") ?? [];
  if (kind === "etag") return { "If-None-Match": value };
  return kind === "modified" ? { "If-Modified-Since": value } : {};
}

/** The URL's last part, as far as it is a harmless name: formats are told apart by what is in the file. */
function nameOf({ pathname }: URL): string {
  const last = pathname.split("/").at(-1) ?? "";
  return /^[\w.-]{1,100}$/.test(last) && !last.startsWith(".") ? last : "feed";
}
