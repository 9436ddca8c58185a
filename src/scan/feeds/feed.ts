import type { ProxyChoice } from "../../kernel/index.ts";
import type { FeedFormat } from "../vulndb/formats/index.ts";
import type { Schedule } from "./schedule.ts";

/** A feed as it is configured. */
export interface Feed {
  readonly name: string;
  readonly format: FeedFormat;
  /** URLs, `oci://` references and absolute paths: all of them together are the feed. */
  readonly sources: readonly string[];
  readonly schedule: Schedule;
  /** Milliseconds after the last good look from which it is stale. */
  readonly maxAge: number;
  /** False: it is not fetched, and its data go with the next database. */
  readonly enabled: boolean;
  readonly access: Access;
}

/** How the places of a feed are reached. */
export interface Access {
  /** A file of authorities in PEM form, besides the system's. */
  readonly caBundle: string | null;
  readonly proxy: (url: URL) => ProxyChoice;
  readonly login: Login;
}

/** What is shown to a server that asks who is there. */
export type Login =
  | { readonly kind: "none" }
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | { readonly kind: "bearer"; readonly token: string };

/** The feed's places in one line, as manifests and people have it. */
export function sourceOf({ sources }: Pick<Feed, "sources">): string {
  return sources.join(" ");
}
