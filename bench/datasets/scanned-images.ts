import { join } from "node:path";
import { FileSystemStore } from "../../src/blobs/index.ts";
import { type Database, migrate, openSqlite } from "../../src/db/index.ts";
import { AuditLog, Events } from "../../src/events/index.ts";
import { day, digestOf, parseRepositoryName, systemCaller, systemClock } from "../../src/kernel/index.ts";
import { createRegistry, type Registry } from "../../src/registry/index.ts";
import { setPointerIn } from "../../src/scan/feeds/pointer.ts";
import { recount } from "../../src/scan/images/counts.ts";
import { ensureIdentities, linkIdentities } from "../../src/scan/images/packages.ts";
import { createScan, type Scan } from "../../src/scan/index.ts";
import type { Identity } from "../../src/scan/match/finding.ts";
import type { Advisory } from "../../src/scan/vulndb/advisory.ts";
import { buildDatabase } from "../../src/scan/vulndb/index.ts";

const ecosystem = "Debian:12";
const repository = parseRepositoryName("library/many");
/** Names of packages that advisories know: a few have hundreds, most have a handful, and most of it is mended. */
const names = 3_000;
const versions = 8;
/** What images are built on, and what each adds of its own. */
const bases = 40;
const ofBase = 100;
const ofImage = 50;

/** A registry's database and storage, and the scanner on them, in this process. */
export interface ScannedImages extends AsyncDisposable {
  readonly database: Database;
  readonly registry: Registry;
  readonly scan: Scan;
}

export async function openScanned(folder: string): Promise<ScannedImages> {
  const database = openSqlite(join(folder, "breakwater.sqlite"));
  await migrate(database);
  const objects = new FileSystemStore(join(folder, "storage"));
  const audit = new AuditLog(database, systemClock);
  const events = new Events();
  const options = { database, objects, audit, clock: systemClock, events };
  const scan = createScan({ ...options, folder: join(folder, "vulndb"), maxAge: () => 5 * day });
  const registry = createRegistry(database, objects, audit, systemClock, undefined, events);
  const now = systemClock();
  const project = { name: "library", owner_id: 1, public: 0, storage_limit: -1, storage_used: 0 };
  await database.write((tx) =>
    tx
      .insertInto("project")
      .values({ ...project, created_at: now, updated_at: now })
      .execute(),
  );
  return { database, registry, scan, [Symbol.asyncDispose]: () => database.close() };
}

/** Another vulnerability database, with one more advisory about each of the first `more` names. */
export async function exchange(
  { database, scan }: ScannedImages,
  folder: string,
  more: number,
): Promise<void> {
  const now = systemClock();
  const target = join(folder, `compiled-${more}.sqlite`);
  const feed = { name: "bench", format: "osv", source: "made up", fetchedAt: now, asOf: now } as const;
  const records = async function* () {
    for (const advisory of advisories(more)) yield { kind: "advisory", advisory } as const;
  };
  const { manifest } = await buildDatabase({
    ...{ target, previous: null, drop: [], builtAt: now },
    feeds: [{ ...feed, sha256: String(more), records }],
  });
  const file = await scan.shelf.put(target, manifest.version);
  const pointer = { ...file, version: manifest.version, since: now, manifest };
  await database.write((tx) => setPointerIn(tx, pointer));
}

function* advisories(more: number): Iterable<Advisory> {
  for (let name = 0; name < names; name++) {
    const known = name % 100 === 0 ? 300 : 8;
    for (let one = 0; one < known; one++) yield advisory(name, one, one % 4 === 0 ? (one % versions) + 1 : 0);
    if (name < more) yield advisory(name, known, versions + 1);
  }
}

function advisory(name: number, number: number, fixed: number): Advisory {
  const cve = `CVE-2024-${name * 1_000 + number + 10_000}`;
  const range = { introduced: "0", fixed: `1.${fixed}-1`, lastAffected: null };
  const package_ = { ecosystem, name: nameOf(name), module: null, scheme: "deb", versions: [] } as const;
  return {
    ...{ id: `DEBIAN-${cve}`, aliases: [cve], summary: "", description: "Made up.", severity: "Medium" },
    ...{ cvss: [], cwes: [], links: [], publishedAt: null, modifiedAt: null },
    affected: [{ ...package_, ranges: [range], status: "affected", severity: null }],
  };
}

/** `count` images of 150 packages each, as if they had been scanned: their layers are no part of what is measured. */
export async function fillImages({ database, registry }: ScannedImages, count: number): Promise<void> {
  const config = new TextEncoder().encode("{}");
  const upload = await registry.uploads.begin(repository, "user:1");
  await registry.uploads.finish(upload, once(config), null, digestOf(config));
  const type = "application/vnd.oci.image.manifest.v1+json";
  const descriptor = {
    mediaType: "application/vnd.oci.image.config.v1+json",
    ...{ digest: digestOf(config), size: config.length },
  };
  for (let image = 0; image < count; image++) {
    const manifest = {
      schemaVersion: 2,
      mediaType: type,
      config: descriptor,
      layers: [],
      annotations: { image: `${image}` },
    };
    const content = new TextEncoder().encode(JSON.stringify(manifest));
    await registry.manifests.put(systemCaller, repository, {
      content,
      contentType: type,
      digest: null,
      tags: [],
    });
  }
  const rows = await database.read.selectFrom("manifest").select("id").orderBy("id").execute();
  for (const [image, { id }] of rows.entries()) {
    await database.write(async (tx) => {
      await linkIdentities(tx, id, await ensureIdentities(tx, packagesOf(image)));
      await recount(tx, [id], systemClock());
      await tx
        .updateTable("image_scan")
        .set({ state: "done", inventoried_at: 1, parts: "[]" })
        .where("manifest_id", "=", id)
        .execute();
    });
  }
}

/** What the image of that number holds: most of it is shared with many others. */
export function packagesOf(image: number): readonly Identity[] {
  const base = image % bases;
  return [
    ...Array.from({ length: ofBase }, (_, index) => identity(index * 7 + base * 13, base)),
    ...Array.from({ length: ofImage }, (_, index) => identity(1_000 + image * 31 + index * 37, image)),
  ];
}

function identity(name: number, version: number): Identity {
  return {
    ecosystem,
    name: nameOf(name % names),
    version: `1.${version % versions}-1`,
    module: "",
    origin: "",
  };
}

function nameOf(number: number): string {
  return `package-${number}`;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
