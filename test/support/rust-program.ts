import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mustRun } from "./command.ts";

/** What cargo has built, and the crates that it says are in there: `name version`. */
export interface RustProgram {
  readonly program: string;
  readonly library: string;
  readonly crates: readonly string[];
}

/** A program and a shared library, built by `cargo auditable` in `folder` without a network, from crates in folders. */
export async function buildRustProgram(folder: string): Promise<RustProgram> {
  await crate(folder, "inner", "1.2.3");
  await crate(folder, "outer", "0.9.0-rc.1", 'inner = { path = "../inner" }');
  await crate(folder, "builder", "3.0.0");
  const app = await crate(
    folder,
    "app",
    "0.4.0",
    'outer = { path = "../outer" }\n[build-dependencies]\nbuilder = { path = "../builder" }\n[lib]\ncrate-type = ["cdylib"]',
  );
  await writeFile(join(app, "build.rs"), "fn main() { builder::value(); }\n");
  await writeFile(join(app, "src/main.rs"), 'fn main() { println!("{}", outer::value()); }\n');
  const env = { ...process.env, CARGO_TARGET_DIR: join(folder, "target") };
  await mustRun(["cargo", "auditable", "build", "--release", "--offline", "--quiet"], { cwd: app, env });
  const tree = ["cargo", "tree", "--offline", "--edges", "normal", "--prefix", "none", "--no-dedupe"];
  const listed = await mustRun([...tree, "--format", "{p}"], { cwd: app, env });
  const release = join(folder, "target/release");
  return {
    program: join(release, "app"),
    library: join(release, "libapp.so"),
    // `outer v1.0.0 (/its/folder)`
    crates: listed.split("\n").flatMap((line) => /^(\S+ )v(\S+)/.exec(line)?.slice(1).join("") ?? []),
  };
}

async function crate(folder: string, name: string, version: string, dependencies = ""): Promise<string> {
  const work = join(folder, name);
  await mkdir(join(work, "src"), { recursive: true });
  await writeFile(
    join(work, "Cargo.toml"),
    `[package]\nname = "${name}"\nversion = "${version}"\nedition = "2021"\n[dependencies]\n${dependencies}\n`,
  );
  const used = dependencies.startsWith("inner") ? "inner::value()" : "1";
  await writeFile(join(work, "src/lib.rs"), `#[no_mangle]\npub fn value() -> u32 { ${used} }\n`);
  return work;
}
