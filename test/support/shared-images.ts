import { existsSync } from "node:fs";
import { join } from "node:path";

/** A real image as `docker save` wrote it, in the folder that lies beside this repository. */
export const ALPINE = join(import.meta.dir, "../../../shared/images/alpine-310.tar.gz");

export function missingAlpine(): string | undefined {
  return existsSync(ALPINE) ? undefined : "../shared/images/alpine-310.tar.gz is not there";
}
