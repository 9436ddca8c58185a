import { join } from "node:path";
import { sql } from "kysely";
import { FileSystemStore } from "../../../src/blobs/index.ts";
import type { Database } from "../../../src/db/index.ts";
import { AuditLog, Events, type ImageBecameVulnerable } from "../../../src/events/index.ts";
import { day, parseRepositoryName } from "../../../src/kernel/index.ts";
import { createRegistry, type Registry } from "../../../src/registry/index.ts";
import { setPointerIn } from "../../../src/scan/feeds/pointer.ts";
import { createScan, type RematchReport, type Scan } from "../../../src/scan/index.ts";
import type { Advisory } from "../../../src/scan/vulndb/advisory.ts";
import { buildDatabase, type FeedFormat } from "../../../src/scan/vulndb/index.ts";
import { Pusher } from "../../api/content.ts";
import type { OpenDatabase } from "../../support/engines.ts";
import {
  type Content,
  content,
  descriptor,
  type Image,
  jsonContent,
  OCI_MANIFEST,
} from "../../support/image.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { archive, type Entry } from "../inventory/archive.ts";

const project = "library";

/** The registry and the built-in scanner, in this process, with a clock that the test moves. */
export interface Scene extends AsyncDisposable {
  readonly database: Database;
  readonly objects: FileSystemStore;
  readonly registry: Registry;
  readonly scan: Scan;
  readonly clock: { now: number };
  /** The events of images that became vulnerable, in order. */
  readonly news: ImageBecameVulnerable[];
  /** What another process would have of the scanner. */
  another(): Promise<Scan>;
  /** Pushes an image and answers the manifest's id. */
  push(repository: string, image: Image, ...tags: string[]): Promise<number>;
  /** Scans all that wait; answers how many they were. Throws what one of them failed with. */
  work(scan?: Scan): Promise<number>;
  /** Makes another vulnerability database the one that holds. */
  know(...advisories: readonly Advisory[]): Promise<string>;
  knowFeeds(feeds: readonly KnownFeed[]): Promise<string>;
  rematch(): Promise<RematchReport>;
}

export interface KnownFeed {
  readonly name: string;
  readonly format: FeedFormat;
  readonly records: Parameters<typeof buildDatabase>[0]["feeds"][number]["records"];
}

export async function openScene(open: OpenDatabase): Promise<Scene> {
  const directory = await temporaryDirectory("scan");
  const database = await open();
  const clock = { now: Date.parse("2026-06-01T00:00:00Z") };
  const time = () => clock.now;
  const objects = new FileSystemStore(join(directory.path, "storage"));
  const audit = new AuditLog(database, time);
  const scanOn = (on: Database, events: Events) => {
    const folder = join(directory.path, "vulndb");
    return createScan({ database: on, objects, audit, clock: time, events, folder, maxAge: () => 5 * day });
  };
  const events = new Events();
  const news: ImageBecameVulnerable[] = [];
  events.on("imageBecameVulnerable", async (_, event) => {
    news.push(event);
  });
  const scan = scanOn(database, events);
  const registry = createRegistry(database, objects, audit, time, undefined, events);
  const pusher = new Pusher(registry);
  await addProject(database, clock.now);

  const knowFeeds = async (feeds: readonly KnownFeed[]) => {
    const target = join(directory.path, `${crypto.randomUUID()}.sqlite`);
    const { manifest, failures } = await buildDatabase({
      target,
      previous: null,
      drop: [],
      builtAt: clock.now,
      feeds: feeds.map((feed) => ({
        ...feed,
        source: "test",
        fetchedAt: clock.now,
        sha256: crypto.randomUUID(),
        asOf: null,
      })),
    });
    if (failures.length > 0) throw new Error(JSON.stringify(failures));
    const { version } = manifest;
    const file = await scan.shelf.put(target, version);
    await database.write((tx) => setPointerIn(tx, { ...file, version, since: clock.now, manifest }));
    return version;
  };
  return {
    database,
    objects,
    registry,
    scan,
    clock,
    news,
    knowFeeds,
    another: async () => scanOn(database, new Events()),
    push: async (repository, image, ...tags) => {
      const digest = await pusher.image(repository, image, ...tags);
      return manifestId(database, repository, digest);
    },
    work: async (by = scan) => {
      for (let count = 0; ; count++) {
        const outcome = await by.images.work(new AbortController().signal);
        if (outcome === null) return count;
        if (outcome.error !== null) throw outcome.error;
      }
    },
    know: (...advisories) =>
      knowFeeds([
        {
          ...{ name: "test", format: "osv" },
          async *records() {
            yield { kind: "as-of", at: clock.now };
            for (const advisory of advisories) yield { kind: "advisory", advisory };
          },
        },
      ]),
    rematch: async () => {
      const report = await scan.images.rematch.run(async () => {});
      if (report === null) throw new Error("there is no vulnerability database");
      return report;
    },
    async [Symbol.asyncDispose]() {
      await database.close();
      await directory[Symbol.asyncDispose]();
    },
  };
}

async function addProject(database: Database, now: number): Promise<void> {
  await database.write((tx) =>
    tx
      .insertInto("project")
      .values({
        ...{ name: project, owner_id: 1, public: 0, storage_limit: -1, storage_used: 0 },
        ...{ created_at: now, updated_at: now },
      })
      .execute(),
  );
}

async function manifestId(database: Database, repository: string, digest: string): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    select m.id from manifest m join repository r on r.id = m.repository_id
    where r.name = ${parseRepositoryName(repository)} and m.digest = ${digest}`.execute(database.read);
  const [row] = rows;
  if (row === undefined) throw new Error(`${repository}@${digest} is not there`);
  return row.id;
}

const layerType = "application/vnd.oci.image.layer.v1.tar";

/** A layer of these files, not compressed. */
export async function layerOf(...entries: readonly Entry[]): Promise<Content> {
  return content(layerType, new Uint8Array(await archive(entries)));
}

/** An image of these layers, unlike any other. */
export function imageOf(...layers: readonly Content[]): Image {
  const config = jsonContent("application/vnd.oci.image.config.v1+json", { unique: crypto.randomUUID() });
  const mediaType = OCI_MANIFEST;
  const body = { schemaVersion: 2, mediaType, config: descriptor(config), layers: layers.map(descriptor) };
  return { layers, config, manifest: jsonContent(mediaType, body) };
}

/** The files of a Debian with packages, each `<name> <version>` or `<name> <version> <source>`. */
export function debian(release: string, ...packages: readonly string[]): readonly Entry[] {
  const stanzas = packages.map((text) => {
    const [name, version, source] = text.split(" ");
    const lines = [
      `Package: ${name}`,
      "Status: install ok installed",
      "Architecture: amd64",
      `Version: ${version}`,
    ];
    return [...lines, ...(source === undefined ? [] : [`Source: ${source}`]), "", ""].join("\n");
  });
  return [
    {
      name: "etc/os-release",
      content: `ID=debian\nVERSION_ID="${release}"\nPRETTY_NAME="Debian ${release}"\n`,
    },
    { name: "var/lib/dpkg/status", content: stanzas.join("") },
  ];
}
