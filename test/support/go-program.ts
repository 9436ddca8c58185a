import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mustRun } from "./command.ts";
import { zipOf } from "./zip.ts";

/**
 * A program of the tests, built by Go in `folder` without a network: from its own module, one out of a module
 * proxy that is a folder, one that another replaces, and one that a folder replaces.
 */
export async function buildGoProgram(folder: string, ...flags: readonly string[]): Promise<string> {
  const proxy = join(folder, "proxy");
  await publish(proxy, "example.com/dep", "v1.2.3");
  await publish(proxy, "example.com/fork", "v0.9.0-rc.1");
  const work = join(folder, "work");
  await mkdir(join(work, "local"), { recursive: true });
  await writeFile(join(work, "local/go.mod"), "module example.com/local\n\ngo 1.19\n");
  await writeFile(join(work, "local/local.go"), source("local"));
  await writeFile(
    join(work, "go.mod"),
    `module example.com/app

go 1.19

require (
	example.com/dep v1.2.3
	example.com/local v1.0.0
	example.com/replaced v1.0.0
)

replace example.com/replaced => example.com/fork v0.9.0-rc.1
replace example.com/local => ./local
`,
  );
  await writeFile(
    join(work, "main.go"),
    `package main

import (
	"example.com/dep"
	"example.com/local"
	fork "example.com/replaced"
)

func main() { println(dep.Value(), fork.Value(), local.Value()) }
`,
  );
  const program = join(folder, "program");
  await mustRun(["go", "build", "-mod=mod", "-modcacherw", "-buildvcs=false", ...flags, "-o", program, "."], {
    cwd: work,
    env: {
      ...process.env,
      ...{ GOPROXY: `file://${proxy}`, GOSUMDB: "off", GOFLAGS: "", GOTOOLCHAIN: "local", GOWORK: "off" },
      ...{ GOMODCACHE: join(folder, "modules"), CGO_ENABLED: "0" },
    },
  });
  return program;
}

function source(name: string): string {
  return `package ${name}\n\nfunc Value() int { return 1 }\n`;
}

/** As the protocol of Go's module proxies lays files. */
async function publish(proxy: string, module: string, version: string): Promise<void> {
  const folder = join(proxy, module, "@v");
  const description = `module ${module}\n\ngo 1.19\n`;
  const inside = `${module}@${version}`;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "list"), `${version}\n`);
  await writeFile(join(folder, `${version}.info`), JSON.stringify({ Version: version }));
  await writeFile(join(folder, `${version}.mod`), description);
  const file = { name: `${inside}/code.go`, content: source(module.split("/").at(-1) ?? "") };
  await writeFile(
    join(folder, `${version}.zip`),
    zipOf([{ name: `${inside}/go.mod`, content: description }, file]),
  );
}
