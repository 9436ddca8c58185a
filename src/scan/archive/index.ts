export { ArchiveError } from "./archive-error.ts";
export { decompress, peek } from "./decompress.ts";
export { isTar, readTar, tarHeadBytes } from "./tar.ts";
export { Zip, type ZipLimits } from "./zip.ts";
export type { ZipEntry } from "./zip-directory.ts";
