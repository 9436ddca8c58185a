import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import { UnreadableFile } from "../../../../src/scan/inventory/analyzer.ts";
import { rpmAnalyzers } from "../../../../src/scan/inventory/rpm/index.ts";
import { missingCommands } from "../../../support/command.ts";
import { describeUnless } from "../../../support/describe-unless.ts";
import { findsIn, packagesIn } from "../../../support/layer-file.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../../../support/temporary-directory.ts";
import { askRpm, makeRpmDatabase, ndbOf, recordsOf, writeBdb } from "./databases.ts";

const forms = ["rpmdb.sqlite", "Packages.db", "Packages"] as const;

describeUnless(missingCommands("rpm", "rpmbuild", "db5.3_load"), "a database that rpm made", () => {
  let folder: TemporaryDirectory;
  let database: string;
  const files = new Map<string, Uint8Array>();
  const file = (name: string) => files.get(name) ?? new Uint8Array();

  beforeAll(async () => {
    folder = await temporaryDirectory("rpm");
    database = await makeRpmDatabase(folder.path);
    const sqlite = join(database, "rpmdb.sqlite");
    const records = recordsOf(sqlite);
    for (const pageSize of [512, 4096, 65_536]) {
      const path = join(folder.path, `bdb-${pageSize}`);
      await writeBdb(records, path, pageSize);
      files.set(`Packages of ${pageSize}`, await Bun.file(path).bytes());
    }
    files.set("Packages", file("Packages of 4096"));
    files.set("Packages.db", ndbOf(records));
    files.set("rpmdb.sqlite", await Bun.file(sqlite).bytes());
  });
  afterAll(() => folder?.[Symbol.asyncDispose]());

  describe.each(forms)("as %s", (name) => {
    test("has the packages that rpm lists", async () => {
      const format =
        "%{NAME}|%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}|%{ARCH}|%{VENDOR}|%{MODULARITYLABEL}|%{LICENSE}";
      const found = packagesIn(rpmAnalyzers, `var/lib/rpm/${name}`, file(name)).map((found) =>
        [
          ...[found.name, found.version, found.architecture, found.vendor ?? "(none)"],
          ...[found.module ?? "(none)", found.licenses.join()],
        ].join("|"),
      );
      expect(found.sort()).toEqual([...(await askRpm(database, format))].sort());
      expect(found).toHaveLength(3);
    });

    test("has the files that rpm lists", async () => {
      const owned = findsIn(rpmAnalyzers, `usr/lib/sysimage/rpm/${name}`, file(name)).flatMap((find) =>
        "owns" in find ? [`/${find.owns}`] : [],
      );
      const listed = await askRpm(database, "[%{FILENAMES}\n]");
      expect(owned.sort()).toEqual([...listed].sort());
      expect(owned).toContain("/usr/lib/tiny/zwei ü");
    });

    test("names the source package, with the epoch that its file's name lacks", () => {
      const found = packagesIn(rpmAnalyzers, `usr/share/rpm/${name}`, file(name));
      const sources = Object.fromEntries(found.map(({ name, source }) => [name, source]));
      expect(sources).toEqual({
        "with-everything": null,
        "with-everything-sub": { name: "with-everything", version: "2:1.0~rc1-3.el9" },
        plain: null,
      });
    });

    test("is a stated failure wherever it is cut off", () => {
      const whole = file(name);
      for (const part of [0, 0.1, 0.3, 0.5, 0.7]) {
        const cut = whole.subarray(0, Math.floor(whole.length * part));
        expect(() => findsIn(rpmAnalyzers, `var/lib/rpm/${name}`, cut), String(part)).toThrow(UnreadableFile);
      }
    });

    test("throws nothing but stated failures, and finds no more than its size, when damaged", () => {
      const whole = file(name);
      const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), {
        minLength: 1,
        maxLength: 40,
      });
      fc.assert(
        fc.property(damage, (changes) => {
          const damaged = whole.slice();
          for (const [at, value] of changes) damaged[at] = value;
          try {
            const found = findsIn(rpmAnalyzers, `var/lib/rpm/${name}`, damaged);
            expect(found.length).toBeLessThan(whole.length);
          } catch (error) {
            expect(error).toBeInstanceOf(UnreadableFile);
          }
        }),
        { numRuns: 150 },
      );
    });
  });

  test.each([512, 65_536])("of Berkeley DB with pages of %d bytes has the same packages", (pageSize) => {
    const path = "var/lib/rpm/Packages";
    const names = (bytes: Uint8Array) => packagesIn(rpmAnalyzers, path, bytes).map(({ name }) => name);
    expect(names(file(`Packages of ${pageSize}`)).sort()).toEqual(names(file("Packages")).sort());
  });

  test("of SQLite with a table that computes its values is not read", () => {
    const text = Buffer.from(file("rpmdb.sqlite")).toString("latin1");
    const hostile = text.replace("blob BLOB NOT NULL)", "blob AS(zeroblob(9)))");
    expect(hostile).not.toBe(text);
    expect(() => findsIn(rpmAnalyzers, "var/lib/rpm/rpmdb.sqlite", Buffer.from(hostile, "latin1"))).toThrow(
      "The rpm database (SQLite)",
    );
  });
});

describe("what lies beside a database", () => {
  test("a write-ahead log that holds changes is a failure, an empty one nothing", () => {
    const path = "var/lib/rpm/rpmdb.sqlite-wal";
    expect(findsIn(rpmAnalyzers, path, "")).toEqual([]);
    expect(findsIn(rpmAnalyzers, path, "x")).toEqual([
      { failure: expect.stringContaining("write-ahead log") },
    ]);
  });

  test("and a file of such a name elsewhere, are not looked at", () => {
    for (const path of ["home/me/Packages", "var/lib/rpm/Name", "var/lib/rpm/old/Packages", "Packages"])
      expect(rpmAnalyzers.some((analyzer) => analyzer.wants(path, path.split("/").at(-1) ?? ""))).toBe(false);
  });
});

describe("the list of an image without rpm", () => {
  const path = "var/lib/rpmmanifest/container-manifest-2";
  const line = (name: string, epoch: string) =>
    `${name}\t1.1.1k-5.cm1\t1653816591\t1653753130\tMicrosoft Corporation\t${epoch}\t4365169\tx86_64\t0\topenssl-1.1.1k-5.cm1.src.rpm\n`;

  test("has its packages", () => {
    const found = packagesIn(
      rpmAnalyzers,
      path,
      line("openssl", "(none)") + line("openssl-libs", "1") + line("gpg-pubkey", "(none)"),
    );
    const common = {
      ...{ type: "rpm" as const, architecture: "x86_64", module: null },
      ...{ vendor: "Microsoft Corporation", licenses: [] },
    };
    expect(found).toEqual([
      { ...common, name: "openssl", version: "1.1.1k-5.cm1", source: null },
      {
        ...common,
        name: "openssl-libs",
        version: "1:1.1.1k-5.cm1",
        source: { name: "openssl", version: "1:1.1.1k-5.cm1" },
      },
    ]);
  });

  test("is a failure where a line is none", () => {
    expect(() => packagesIn(rpmAnalyzers, path, `${line("a", "0")}b\t1-1\n`)).toThrow(UnreadableFile);
  });
});
