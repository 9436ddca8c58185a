import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openVex, statementAbout } from "../scan/exceptions/documents.ts";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { eventually } from "../support/eventually.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";
import { breakwater } from "./breakwater.ts";

setDefaultTimeout(60_000);

describe("commands about scanning, beside a server", () => {
  let home: TemporaryDirectory;
  let server: Breakwater;

  beforeAll(async () => {
    home = await temporaryDirectory("scanning-cli");
    const source = join(home.path, "osv");
    await mkdir(source);
    for (const [id, ecosystem] of Object.entries(releases)) {
      await writeFile(join(source, `${id}.json`), JSON.stringify(record(id, ecosystem)));
    }
    const feeds = { osv: { format: "osv", source, schedule: "30d" } };
    server = await startBreakwater({ http: true, config: { breakwater: { scan: { feeds } } } });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });

  const releases = { "D-1": "Debian:12", "D-2": "Debian:9", "A-1": "Alpine:v3.10", "A-2": "Alpine:v3.9" };
  const record = (id: string, ecosystem: string) => ({
    ...{ schema_version: "1.6.0", id, modified: "2024-01-01T00:00:00Z" },
    affected: [
      {
        package: { ecosystem, name: "bash" },
        ranges: [{ type: "ECOSYSTEM", events: [{ introduced: "0" }, { fixed: "2" }] }],
      },
    ],
  });
  const run = (...args: string[]) => breakwater([...args, "--config", server.configFile], { cwd: home.path });
  const get = async (path: string) => (await server.api(path)).json();

  test("releases are listed by their numbers, by the command line and the API", async () => {
    const { feeds } = (await eventually(
      () => get("/vulnerability-database"),
      (database) => (database as { version?: string }).version !== undefined,
    )) as { feeds: { groups: { ecosystem: string }[] }[] };
    expect(feeds[0]?.groups.map(({ ecosystem }) => ecosystem)).toEqual([
      ...["Alpine:v3.9", "Alpine:v3.10", "Debian:9", "Debian:12"],
    ]);
    expect((await run("feeds", "list")).stdout).toContain("Alpine:v3.9,v3.10 Debian:9,12\n");
  });

  test("a VEX document is imported for the system and for a project, and a worse one says why not", async () => {
    const file = join(home.path, "vex.json");
    await writeFile(file, JSON.stringify(openVex([statementAbout("pkg:deb/debian/openssl")])));
    const imported = { name: "https://example.com/vex/1", author: "Example", imported_by: "system" };
    const said = (where: string) =>
      `Imported "https://example.com/vex/1" of Example, version 1, for ${where}: 1 statement.\n`;
    expect(await run("vex", "import", file)).toMatchObject({ code: 0, stdout: said("the system") });
    expect(await get("/system/vex")).toMatchObject([imported]);
    expect(await get("/projects/library/vex")).toEqual([]);
    const project = await run("vex", "import", file, "--project", "library");
    expect(project).toMatchObject({ code: 0, stdout: said("the project library") });
    expect(await get("/projects/library/vex")).toMatchObject([imported]);

    await writeFile(file, "{}");
    const unreadable = (path: string) => `The VEX document ${path} cannot be read`;
    for (const [args, message] of [
      [[file], "neither OpenVEX nor CSAF"],
      [["absent.json"], `${unreadable("absent.json")}: there is no such file.\n`],
      [[home.path], `${unreadable(home.path)}: it is a folder.\n`],
      [["/dev/zero"], "The VEX document /dev/zero cannot be used: it is larger than 4194304 bytes.\n"],
      [[file, "--project", "absent"], "absent"],
    ] as const) {
      const { code, stdout, stderr } = await run("vex", "import", ...args);
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toContain(message);
    }
  });

  test("bundles that cannot be written or read are told by their paths", async () => {
    await eventually(
      () => get("/vulnerability-database"),
      (database) => (database as { version?: string }).version !== undefined,
    );
    const absent = "/nonexistent/b.tar";
    const unwritable = `breakwater: The bundle ${absent} cannot be written: there is no folder /nonexistent.\n`;
    for (const [args, message] of [
      [["export", absent], unwritable],
      [["build", "--out", absent], unwritable],
      [["export", home.path], `breakwater: The bundle ${home.path} cannot be written: it is a folder.\n`],
      [["import", home.path], `breakwater: The bundle ${home.path} cannot be read: it is a folder.\n`],
      [["import", absent], `breakwater: The bundle ${absent} cannot be read: there is no such file.\n`],
    ] as const) {
      expect([args, await run("feeds", ...args)]).toMatchObject([
        args,
        { code: 1, stdout: "", stderr: message },
      ]);
    }
  });
});
