import type { Named } from "../../access/index.ts";
import type { Soon } from "../../kernel/index.ts";
import type { Trust } from "../../trust/index.ts";
import type { Exchange } from "../exchange.ts";
import type { TufMetrics } from "./metrics.ts";

/** What a request needs to be allowed to do (the contract, section 1, "Token actions needed"). */
export type Need =
  /** To see that the server is there. */
  | { readonly kind: "base" }
  /** To see what happens to every repository. */
  | { readonly kind: "catalog" }
  | { readonly kind: "repository"; readonly gun: string; readonly actions: readonly TrustAction[] };

/** `*` stands for all of them, and is what it takes to delete, and to rotate the server's keys. */
export type TrustAction = "pull" | "push" | "*";

/** Answers who asks. Throws UNAUTHORIZED, with the accesses that are missing as its detail. */
export type Authorize = (exchange: Exchange, need: Need) => Soon<Named>;

/** What Notary's API is made of. */
export interface TufServices {
  readonly trust: Trust;
  readonly authorize: Authorize;
  /** What tells a client that is refused where to get a better token. */
  challenge(exchange: Exchange, need: Need): string;
  readonly metrics: Pick<TufMetrics, "count">;
  /** GUNs must begin with one of them; each ends in a slash. Empty for any. */
  readonly gunPrefixes: readonly string[];
  /** What is wrong, by the name of the part; empty when nothing is. */
  health(): Promise<Readonly<Record<string, string>>>;
}
