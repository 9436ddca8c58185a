import { access, constants } from "node:fs/promises";
import type { Problem } from "./settings.ts";

/** What is wrong with the file that `key` names, when it cannot be read. */
export async function pemFileProblems(key: string, file: string): Promise<Problem[]> {
  try {
    await access(file, constants.R_OK);
    return [];
  } catch (error) {
    const { code = "an error" } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "no such file" : code;
    return [{ key, expected: "a file in PEM form that can be read", found: `${why}: ${file}` }];
  }
}
