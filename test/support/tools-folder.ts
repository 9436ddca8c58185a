import { homedir } from "node:os";
import { join } from "node:path";

/** Where tests keep what takes long to make: outside the repository, between runs, writable by this user alone. */
export const TOOLS_FOLDER = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "breakwater-tools");
