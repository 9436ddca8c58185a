export type { Upload } from "./candidate.ts";
export type { Change, ChangeQuery } from "./journal.ts";
export { readUpload } from "./publish.ts";
export type { MetadataQuery } from "./read.ts";
export { type TrustCode, TrustRefusal } from "./refusal.ts";
export type { ServerRole } from "./server-keys.ts";
export type { TagDigest, TagSigner, TrustStatus } from "./status.ts";
export type { StoredMetadata } from "./store.ts";
export { createTrust, type Trust, type TrustOptions } from "./trust.ts";
