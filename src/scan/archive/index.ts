export { ArchiveError } from "./archive-error.ts";
export { Zip, type ZipLimits } from "./zip.ts";
export type { ZipEntry } from "./zip-directory.ts";
