import { readCsafVex } from "./csaf-vex.ts";
import { readDebianTracker } from "./debian-tracker.ts";
import { documentsIn, type FeedDocument } from "./documents.ts";
import { readEpss } from "./epss.ts";
import { readKev } from "./kev.ts";
import { readNvd } from "./nvd.ts";
import { readOsv } from "./osv.ts";
import type { FeedRecord } from "./record.ts";
import { readSecdb } from "./secdb.ts";
import { readUpdateinfo } from "./updateinfo.ts";

export type { Assessment, FeedRecord } from "./record.ts";

const readers = {
  osv: readOsv,
  secdb: readSecdb,
  "debian-tracker": readDebianTracker,
  "csaf-vex": readCsafVex,
  updateinfo: readUpdateinfo,
  kev: readKev,
  epss: readEpss,
  nvd: readNvd,
} as const satisfies Readonly<
  Record<string, (documents: AsyncIterable<FeedDocument>) => AsyncGenerator<FeedRecord>>
>;

export type FeedFormat = keyof typeof readers;

export function isFeedFormat(text: string): text is FeedFormat {
  return Object.hasOwn(readers, text);
}

/**
 * What a feed tells, from files and folders, packed as zip, tar, gzip or zstd or not at all. Parts that are not what
 * they should be are `unreadable` records; an archive that is damaged throws `ArchiveError`.
 */
export function readFeed(format: FeedFormat, paths: readonly string[]): AsyncGenerator<FeedRecord> {
  return readers[format](documentsIn(paths));
}
