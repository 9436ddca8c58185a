export { openAzure } from "./azure/open.ts";
export type { AzureOptions } from "./azure/options.ts";
export type { RedirectOptions } from "./chunked/redirect-rule.ts";
export { FileSystemStore } from "./file-system-store.ts";
export * from "./layout.ts";
export type { Appender, ObjectInfo, ObjectStore, Writer } from "./object-store.ts";
export { openS3 } from "./s3/open.ts";
export type { S3Options } from "./s3/options.ts";
