import { inflateSync } from "node:zlib";
import { type Analyzer, foundPackage, UnreadableFile } from "../analyzer.ts";
import { Elf, isExecutable, readWhole } from "./elf.ts";
import { mayBeProgram } from "./executables.ts";
import { isRecord, parseJson } from "./json.ts";

/** As much as `cargo auditable` itself reads. */
const maxBytes = 8 * 1024 * 1024;

/**
 * Rust programs and libraries that `cargo auditable` has built: their crates are in a section, as compressed JSON. The
 * program's own crate is one of them, always as a local one, also where it was installed from crates.io.
 */
export const rust: Analyzer = {
  type: "cargo",
  wants: mayBeProgram,
  accepts: isExecutable,
  *analyze(file) {
    const section = new Elf(file).section(".dep-v0");
    if (section === undefined) return;
    if (section.size > maxBytes) throw new UnreadableFile(`Its list of crates has ${section.size} bytes.`);
    const list = parseJson(inflate(readWhole(file, section)));
    if (!isRecord(list) || !Array.isArray(list.packages))
      throw new UnreadableFile("Its list of crates is not one.");
    for (const crate of list.packages) {
      if (!isRecord(crate) || typeof crate.name !== "string" || typeof crate.version !== "string")
        throw new UnreadableFile("Its list of crates has one without a name or version.");
      // What only built it is not in it.
      if (crate.kind === "build") continue;
      yield foundPackage("cargo", crate.name, crate.version);
    }
  },
};

function inflate(compressed: Uint8Array): string {
  try {
    return inflateSync(compressed, { maxOutputLength: maxBytes }).toString("utf8");
  } catch (cause) {
    throw new UnreadableFile("Its list of crates cannot be decompressed.", { cause });
  }
}
