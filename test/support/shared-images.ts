import { existsSync } from "node:fs";
import { basename, join } from "node:path";

const FOLDER = join(import.meta.dir, "../../../shared/images");

/** Real images as `docker save` wrote them, by their names, in the folder that lies beside this repository. */
export const ALPINES = {
  "alpine:3.10": join(FOLDER, "alpine-310.tar.gz"),
  "alpine:3.11": join(FOLDER, "alpine-311.tar.gz"),
};
export const ALPINE = ALPINES["alpine:3.10"];

export function missingAlpine(image = ALPINE): string | undefined {
  return existsSync(image) ? undefined : `../shared/images/${basename(image)} is not there`;
}
