import type { Access } from "../feed.ts";
import type { DownloadOptions } from "./download.ts";

/** A place that is asked. */
export interface Question extends DownloadOptions {
  readonly source: string;
  readonly access: Access;
  /** What the place said at the last good look; null to have it in any case. */
  readonly revision: string | null;
  /** A folder that is there and empty, for what comes. */
  readonly folder: string;
  /** Milliseconds of silence that are taken for a server's end. */
  readonly patience: number;
  readonly signal: AbortSignal;
}

/** What a place gave: a file or a folder. Null stands for nothing new since `revision`. */
export interface Found {
  readonly path: string;
  /** Of all of it, in hexadecimal. */
  readonly sha256: string;
  /** What the server said of its age, milliseconds since 1970; null where it said nothing. */
  readonly asOf: number | null;
  /** What to ask with next time; null when the place gave nothing to ask with. */
  readonly revision: string | null;
}
