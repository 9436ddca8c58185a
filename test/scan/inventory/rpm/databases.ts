import { Database } from "bun:sqlite";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mustRun } from "../../../support/command.ts";

const spec = (name: string, more: string) => `
Name: ${name}
Version: 1.0~rc1
Release: 3.el9
Summary: A package of the tests
License: GPLv2+ and MIT
${more}`;

/** A file that one of the packages brings. */
export const ownedFile = "usr/lib/tiny/owned-1.dist-info/METADATA";

const specsBy = (vendor: string) => [
  spec(
    "with-everything",
    `Epoch: 2
Vendor: ${vendor}
ModularityLabel: nodejs:18:8070020230306:abcdef
BuildArch: noarch
%description
%install
mkdir -p %{buildroot}/usr/lib/tiny
for number in $(seq 400); do echo 1 > %{buildroot}/usr/lib/tiny/with-a-name-that-is-rather-long-$number; done
echo 1 > "%{buildroot}/usr/lib/tiny/zwei ü"
mkdir %{buildroot}/usr/lib/tiny/owned-1.dist-info
printf 'Name: owned\\nVersion: 1\\n' > %{buildroot}/usr/lib/tiny/owned-1.dist-info/METADATA
%files
/usr/lib/tiny
%package sub
Summary: With a source package of another name and version
Version: 7
%description sub
%files sub`,
  ),
  spec("plain", "%description\n%files"),
  spec("gpg-pubkey", "%description\n%files"),
];

/** Packages built by rpm itself, as files in a folder of the tests; `rpm` and `rpmbuild` must be there. */
export async function buildRpms(folder: string, vendor = "Acme, Inc."): Promise<readonly string[]> {
  const specs = specsBy(vendor);
  for (const [index, text] of specs.entries()) await writeFile(join(folder, `${index}.spec`), text);
  const files = specs.map((_, index) => join(folder, `${index}.spec`));
  await mustRun(["rpmbuild", "-bb", "--quiet", "--define", `_topdir ${folder}`, ...files]);
  const built = await readdir(join(folder, "RPMS"), { recursive: true });
  return built.filter((path) => path.endsWith(".rpm")).map((path) => join(folder, "RPMS", path));
}

/** Packages registered by rpm itself. */
export async function makeRpmDatabase(folder: string): Promise<string> {
  const database = join(folder, "db");
  await mkdir(database);
  const packages = await buildRpms(folder);
  await mustRun([...rpm(database), "--install", "--justdb", "--nodeps", ...packages]);
  return database;
}

/** rpm's own answer: a line for each package. */
export async function askRpm(database: string, format: string): Promise<readonly string[]> {
  const answer = await mustRun([...rpm(database), "--query", "--all", "--queryformat", `${format}\n`]);
  return answer.split("\n").filter((line) => line !== "" && !line.startsWith("gpg-pubkey"));
}

function rpm(database: string): readonly string[] {
  return ["rpm", "--dbpath", database, "--define", "_db_backend sqlite"];
}

export interface Record {
  readonly number: number;
  readonly header: Uint8Array;
}

export function recordsOf(path: string): readonly Record[] {
  using database = new Database(path, { readonly: true });
  return database.query<Record, []>("select hnum as number, blob as header from Packages").all();
}

/** `Packages` as rpm before 4.16 had it, written by Berkeley DB's own `db5.3_load`. */
export async function writeBdb(records: readonly Record[], path: string, pageSize: number): Promise<void> {
  const number = (value: number) => Buffer.from(Uint32Array.of(value).buffer).toString("hex");
  const lines = [
    ...["VERSION=3", "format=bytevalue", "type=hash", `db_pagesize=${pageSize}`, "HEADER=END"],
    ...[` ${number(0)}`, ` ${number(records.length)}`],
    ...records.flatMap((record) => [
      ` ${number(record.number)}`,
      ` ${Buffer.from(record.header).toString("hex")}`,
    ]),
    "DATA=END",
  ];
  await mustRun(["db5.3_load", path], { stdin: `${lines.join("\n")}\n` });
}

/** `Packages.db`: a page of slots, then the headers in blocks of 16 bytes. */
export function ndbOf(records: readonly Record[]): Buffer {
  const words = (...values: readonly number[]) => Buffer.from(Uint32Array.from(values).buffer);
  const slots = [words(0x506d7052, 0, 1, 1, records.length + 1, 0, 0, 0)];
  const blobs: Buffer[] = [];
  let block = 4096 / 16;
  for (const { number, header } of records) {
    const padding = Buffer.alloc(-(header.length + 12) & 15);
    const tail = words(Bun.hash.adler32(header), header.length, 0x45626c42);
    const blob = Buffer.concat([words(0x53626c42, number, 1, header.length), header, padding, tail]);
    // A slot that was given up lies between those in use.
    slots.push(words(0x746f6c53, number, block, blob.length / 16), words(0x746f6c53, 0, 0, 0));
    blobs.push(blob);
    block += blob.length / 16;
  }
  const used = Buffer.concat(slots);
  const unused = Array.from({ length: (4096 - used.length) / 16 }, () => words(0x746f6c53, 0, 0, 0));
  return Buffer.concat([used, ...unused, ...blobs]);
}
