import { type Analyzer, foundPackage, UnreadableFile } from "../analyzer.ts";
import { isRecord, parseJson } from "./json.ts";

/** Of the runtime that a self-contained program brings along. */
const runtimePack = "runtimepack.";
/** Files by which a package is there when the program runs. */
const assets = ["runtime", "runtimeTargets", "native", "resources"];

/** NuGet's packages of a .NET program, by the list that its host loads them by (`*.deps.json`). */
export const dotnet: Analyzer = {
  type: "nuget",
  wants: (_, name) => name.endsWith(".deps.json"),
  *analyze(file) {
    const content = parseJson(file.text());
    if (!isRecord(content) || !isRecord(content.libraries))
      throw new UnreadableFile("It is no list of a .NET program's libraries.");
    const target = targetOf(content);
    for (const [key, library] of Object.entries(content.libraries)) {
      if (!isRecord(library) || (library.type !== "package" && library.type !== "runtimepack")) continue;
      const [id = "", version = ""] = key.split("/");
      if (id === "" || version === "")
        throw new UnreadableFile("It has a library without a name or version.");
      if (isThere(target?.[key])) yield foundPackage("nuget", withoutPrefix(id), version);
    }
  },
};

/** What of each library is used on the platform that the program is for. */
function targetOf({ targets, runtimeTarget }: Readonly<Record<string, unknown>>) {
  const name = isRecord(runtimeTarget) ? runtimeTarget.name : runtimeTarget;
  const target = isRecord(targets) && typeof name === "string" ? targets[name] : undefined;
  return isRecord(target) ? target : undefined;
}

/** A package that only groups others, or was needed to build alone, brings no file. */
function isThere(uses: unknown): boolean {
  return !isRecord(uses) || assets.some((kind) => isRecord(uses[kind]) && Object.keys(uses[kind]).length > 0);
}

function withoutPrefix(id: string): string {
  return id.startsWith(runtimePack) ? id.slice(runtimePack.length) : id;
}
