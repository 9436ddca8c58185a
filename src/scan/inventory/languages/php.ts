import { type Analyzer, foundPackage, UnreadableFile } from "../analyzer.ts";
import { isRecord, parseJson } from "./json.ts";

/** What Composer has installed: a list by version 1, an object that has it by version 2. */
export const php: Analyzer = {
  type: "composer",
  wants: (path, name) => name === "installed.json" && /(?:^|\/)composer\/installed\.json$/.test(path),
  *analyze(file) {
    const content = parseJson(file.text());
    const list = isRecord(content) ? content.packages : content;
    if (!Array.isArray(list)) throw new UnreadableFile("It is no list of Composer's packages.");
    for (const item of list) {
      if (!isRecord(item) || typeof item.name !== "string" || typeof item.version !== "string")
        throw new UnreadableFile("It has a package of Composer without a name or version.");
      const licenses = Array.isArray(item.license)
        ? item.license.filter((text) => typeof text === "string")
        : [];
      // Composer's names do not tell upper from lower case.
      yield foundPackage("composer", item.name.toLowerCase(), item.version, { licenses });
    }
  },
};
