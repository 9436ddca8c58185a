import { resolve } from "node:path";
import type { Values } from "./keys.ts";

/** Distribution's rootdirectory, as the store has it: without a slash at either end. */
export function toRootDirectory(value = ""): string {
  return value.replace(/^\/+|\/+$/g, "");
}

/** The file with the authorities of the storage's certificate. */
export function toCaBundle(values: Values, cwd: string): string | null {
  const file = values["storage_service.ca_bundle"];
  return file === undefined ? null : resolve(cwd, file);
}
