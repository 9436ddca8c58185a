import { type Analyzer, foundPackage } from "../analyzer.ts";
import { isRecord, parseJson } from "./json.ts";

const installed = /(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/@][^/]*\/package\.json$/;

/**
 * Packages of Node, each by its own `package.json` in a folder `node_modules`: what is there, not what a lock file
 * says. A `package.json` elsewhere is an application, a fixture, or only says how its folder is to be loaded.
 */
export const node: Analyzer = {
  type: "npm",
  wants: (path, name) => name === "package.json" && installed.test(path),
  *analyze(file) {
    const content = parseJson(file.text());
    if (!isRecord(content)) return;
    const { name, version } = content;
    // What has no version is not from a registry.
    if (typeof name !== "string" || typeof version !== "string" || name === "" || version === "") return;
    yield foundPackage("npm", name, version, { licenses: licensesOf(content.license ?? content.licenses) });
  },
};

/** An expression, or in old packages an object with a type, or several of these. */
function licensesOf(value: unknown): readonly string[] {
  if (typeof value === "string") return value === "" ? [] : [value];
  if (Array.isArray(value))
    return value.slice(0, 20).flatMap((item) => (Array.isArray(item) ? [] : licensesOf(item)));
  return isRecord(value) && typeof value.type === "string" ? [value.type] : [];
}
