import { type Analyzer, type Find, foundPackage, type LayerFile } from "../analyzer.ts";
import { Elf, isExecutable, type Stretch } from "./elf.ts";
import { mayBeProgram } from "./executables.ts";
import { type BuildInfo, readBuildInfo } from "./go-buildinfo.ts";

/** How much is looked through of a program whose section has another name. Linkers put it to the front. */
const maxData = 64 * 1024 * 1024;

/** Go programs of Linux. */
const elfProgram: Analyzer = {
  type: "golang",
  wants: mayBeProgram,
  accepts: isExecutable,
  *analyze(file) {
    const elf = new Elf(file);
    const place = placeIn(elf, file);
    const info = place && readBuildInfo(file, place, elf);
    if (info !== undefined) yield* modulesOf(info);
  },
};

/** Those of Windows. */
const windowsProgram: Analyzer = {
  type: "golang",
  wants: (_, name) => /\.exe$/i.test(name),
  accepts: (head) => head[0] === 0x4d && head[1] === 0x5a,
  *analyze(file) {
    const info = readBuildInfo(file, wholeOf(file), null);
    if (info !== undefined) yield* modulesOf(info);
  },
};

export const go: readonly Analyzer[] = [elfProgram, windowsProgram];

/** Where Go itself looks. Programs whose table of sections was taken off still have the content. */
function placeIn(elf: Elf, file: LayerFile): Stretch | undefined {
  if (!elf.hasSections) return wholeOf(file);
  const section = elf.section(".go.buildinfo");
  if (section !== undefined) return section;
  const data = elf.dataSegment;
  return data && { ...data, size: Math.min(data.size, maxData) };
}

function wholeOf(file: LayerFile) {
  return { offset: 0, size: file.size };
}

interface Module {
  readonly isMain: boolean;
  readonly path: string;
  readonly version: string;
}

/** The modules that a program was built from, and Go's standard library under the name `stdlib`. */
function* modulesOf({ goVersion, modules }: BuildInfo): Generator<Find> {
  yield foundPackage("golang", "stdlib", releaseOf(goVersion));
  let module: Module | undefined;
  for (const line of modules.split("\n")) {
    const [kind, path = "", version = ""] = line.split("\t");
    if (kind === "=>" && module !== undefined) {
      module = replaced(module, path, version);
    } else if (kind === "mod" || kind === "dep") {
      if (module !== undefined) yield* findsOf(module);
      module = { isMain: kind === "mod", path, version };
    }
  }
  if (module !== undefined) yield* findsOf(module);
}

/** In place of a module another one was taken, or a folder, which has no version: then its own name must do. */
function replaced(module: Module, path: string, version: string): Module {
  return version === "" || version === "(devel)" ? module : { ...module, path, version };
}

/** Nothing for what is built from its own working tree, which no advisory knows by that version. */
function* findsOf({ isMain, path, version }: Module): Generator<Find> {
  const isUnreleased = version === "" || version === "(devel)" || version === "v0.0.0";
  if (path === "" || isUnreleased || (isMain && version.startsWith("v0.0.0-"))) return;
  yield foundPackage("golang", path, version);
}

/** Without the prefix, and without what a builder or an experiment adds; development versions stay as they are. */
function releaseOf(goVersion: string): string {
  return /^go(\d+(?:\.\d+)*(?:(?:beta|rc)\d+)?)/.exec(goVersion)?.[1] ?? goVersion;
}
