import { createHash, randomBytes } from "node:crypto";
import { lstatSync, type Stats } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { output } from "./process.ts";

const priorities = ["required", "important", "standard", "optional"];

/**
 * The root file system of a Debian image, as a tar file, from the packages that this machine has: the
 * essential ones first, then more until there is enough. Needs no network, and is what Docker's engine
 * usually packs: programs, libraries and many small files.
 */
export class DebianImage {
  readonly tar: string;
  readonly #folder: string;

  private constructor(folder: string, tar: string) {
    this.#folder = folder;
    this.tar = tar;
  }

  static async make(folder: string, size: number): Promise<DebianImage> {
    await mkdir(folder, { recursive: true });
    const list = join(folder, "files");
    const tar = join(folder, "debian.tar");
    await Bun.write(list, (await chooseFiles(size)).join("\0"));
    await output([
      ...["tar", "--create", "--file", tar, "--directory", "/", "--no-recursion", "--null"],
      ...["--files-from", list],
    ]);
    return new DebianImage(folder, tar);
  }

  /** Adds a file, so that no engine or registry has seen this layer before. */
  async change(): Promise<void> {
    const name = createHash("sha1").update(randomBytes(16)).digest("hex");
    await Bun.write(join(this.#folder, name), name);
    await output(["tar", "--append", "--file", this.tar, "--directory", this.#folder, name]);
  }
}

/** Paths without their leading slash. Nothing of /etc or /var: those hold this machine's own affairs. */
async function chooseFiles(size: number): Promise<string[]> {
  const chosen = new Set<string>();
  let total = 0;
  for (const name of await packagesByPriority()) {
    for (const path of (await output(["dpkg", "-L", name])).split("\n")) {
      const file = /^\/(usr|bin|sbin|lib)\//.test(path) ? stat(path) : undefined;
      if (!file || !(file.isFile() || file.isSymbolicLink()) || chosen.has(path.slice(1))) continue;
      chosen.add(path.slice(1));
      total += file.size;
      if (total >= size) return [...chosen];
    }
  }
  throw new Error(`this machine's packages hold ${total} bytes, the image wants ${size}`);
}

async function packagesByPriority(): Promise<string[]> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: these are dpkg-query's own placeholders
  const text = await output(["dpkg-query", "--show", "--showformat", "${Priority}\t${binary:Package}\n"]);
  const rank = (line: string) => priorities.indexOf(line.split("\t")[0] ?? "");
  return text
    .split("\n")
    .filter((line) => rank(line) >= 0)
    .sort((a, b) => rank(a) - rank(b))
    .map((line) => line.split("\t")[1] ?? "");
}

/** A package's file may have been removed (documentation, in small images). */
function stat(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}
