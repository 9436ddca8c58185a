import { z } from "zod";
import { BreakwaterError } from "../../../../kernel/index.ts";
import type { Login } from "../../feed.ts";
import { ask, type HttpAnswer, type HttpRequest, type Reach } from "../http.ts";
import { authorization } from "../url.ts";
import type { OciReference } from "./reference.ts";

const tokenSchema = z.object({ token: z.string().optional(), access_token: z.string().optional() });
const maxToken = 1024 * 1024;

/** A registry's client for one repository: asks, and shows a token when the registry wants one (Docker's token flow). */
export class RegistryClient {
  readonly #reference: OciReference;
  readonly #login: Login;
  readonly #reach: Reach;
  readonly #actions: string;
  #authorization: Record<string, string>;

  /** `actions` are those of the token's scope. */
  constructor(reference: OciReference, login: Login, reach: Reach, actions: "pull" | "pull,push") {
    this.#reference = reference;
    this.#login = login;
    this.#reach = reach;
    this.#actions = actions;
    // A token that is configured is the registry's own; a password goes to whom the registry names.
    this.#authorization = login.kind === "bearer" ? authorization(login) : {};
  }

  /** `path` is what follows `/v2/<repository>`, or a whole URL that the registry has given. */
  async ask(path: string, request: HttpRequest = {}): Promise<HttpAnswer> {
    const { origin, repository } = this.#reference;
    const url = new URL(path.startsWith("/") ? `/v2/${repository}${path}` : path, origin);
    const first = await this.#send(url, request);
    const challenge = first.headers.get("www-authenticate");
    if (first.status !== 401 || challenge === null) return first;
    await first.discard();
    this.#authorization = await this.#answerTo(challenge);
    return this.#send(url, request);
  }

  #send(url: URL, request: HttpRequest): Promise<HttpAnswer> {
    const own = url.origin === this.#reference.origin ? this.#authorization : {};
    return ask(url, this.#reach, { ...request, headers: { ...own, ...request.headers } });
  }

  async #answerTo(challenge: string): Promise<Record<string, string>> {
    const login = this.#login;
    if (/^basic\b/i.test(challenge) && login.kind === "basic") return authorization(login);
    const realm = URL.parse(parameterOf(challenge, "realm") ?? "");
    const { origin, repository } = this.#reference;
    const open = realm?.protocol === "http:" && origin.startsWith("https:");
    if (!/^bearer\b/i.test(challenge) || realm === null || open || login.kind === "bearer") {
      throw new BreakwaterError("UNAVAILABLE", `${origin} does not let us in to ${repository}.`);
    }
    const service = parameterOf(challenge, "service");
    if (service !== null) realm.searchParams.set("service", service);
    realm.searchParams.set("scope", `repository:${repository}:${this.#actions}`);
    return { Authorization: `Bearer ${await this.#token(realm, login)}` };
  }

  async #token(realm: URL, login: Login): Promise<string> {
    const answer = await ask(realm, this.#reach, { headers: authorization(login) });
    const text = Buffer.from(await answer.bytes(maxToken)).toString();
    const { data } = tokenSchema.safeParse(answer.status === 200 ? parseJson(text) : null);
    const token = data?.token ?? data?.access_token;
    if (token !== undefined && token !== "") return token;
    throw new BreakwaterError(
      "UNAVAILABLE",
      `${realm.origin} gives no token for ${this.#reference.repository} (${answer.status}). Check username and password.`,
    );
  }
}

function parameterOf(challenge: string, name: string): string | null {
  return new RegExp(`\\b${name}="([^"]*)"`, "i").exec(challenge)?.[1] ?? null;
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
