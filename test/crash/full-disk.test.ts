import { expect, test } from "bun:test";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { type Content, makeImage } from "../support/image.ts";
import { openRepository, type RepositoryClient } from "../support/registry-client.ts";
import { missingSmallDisk, smallDisk } from "../support/small-disk.ts";
import { checkAfterCrash } from "./after-crash.ts";
import { Ledger } from "./ledger.ts";
import { Random, seedFrom } from "./random.ts";
import { ReadBack } from "./read-back.ts";
import { bringBlob, describeAnswer } from "./wire.ts";

const MEBIBYTE = 1024 * 1024;

/** Pushes images as clients do, and keeps what was acknowledged and what was refused. */
class Pusher {
  readonly ledger = new Ledger();
  readonly refusals: string[] = [];
  readonly #repository: RepositoryClient;
  readonly #random: Random;
  #serial = 0;

  constructor(repository: RepositoryClient, random: Random) {
    this.#repository = repository;
    this.#random = random;
  }

  /** True when all of it was acknowledged. */
  async push(layerSize: number): Promise<boolean> {
    const { layers, config, manifest } = await makeImage({ layers: 1, layerSize });
    for (const blob of [...layers, config]) {
      const refusal = await bringBlob(this.#repository, blob, this.#random, this.#repository.name);
      if (refusal !== null) return this.#refused(refusal);
    }
    return this.#pushManifest(manifest);
  }

  async #pushManifest(manifest: Content): Promise<boolean> {
    const tag = `v${this.#serial++ % 10}`;
    const { name } = this.#repository;
    const subjects = [`${name}:${tag}`, `${name}@${manifest.digest}`];
    const change = this.ledger.begin(new Map(subjects.map((subject) => [subject, manifest.digest])));
    const response = await this.#repository.fetch(`/manifests/${tag}`, {
      method: "PUT",
      headers: { "content-type": manifest.mediaType },
      body: manifest.bytes,
    });
    if (response.status !== 201) {
      change.refuse();
      return this.#refused(await describeAnswer(response));
    }
    change.acknowledge();
    return true;
  }

  #refused(why: string): false {
    this.refusals.push(why);
    return false;
  }

  /** Pulls everything that was acknowledged. */
  async verify(): Promise<void> {
    const readBack = new ReadBack([this.#repository]);
    expect(await this.ledger.verify(readBack.observe)).toEqual([]);
  }
}

/** Until even the smallest image finds no room. */
async function fill(pusher: Pusher): Promise<void> {
  for (const size of [MEBIBYTE, 50_000, 1_000]) {
    for (let failures = 0; failures < 5; ) if (!(await pusher.push(size))) failures++;
  }
}

describeUnless(await missingSmallDisk(), "a full disk", () => {
  test("refuses pushes in words, loses nothing, and takes pushes again once there is room", async () => {
    const seed = seedFrom("DISK_SEED");
    console.log(`full disk: DISK_SEED=${seed}`);
    await using disk = await smallDisk(32);
    const ballast = join(disk.path, "ballast");
    await writeFile(ballast, new Uint8Array(8 * MEBIBYTE));
    const dataDir = join(disk.path, "data");
    await using server: Breakwater = await startBreakwater({ http: true, dataDir });
    const pusher = new Pusher(await openRepository(server, "library/full"), new Random(seed));

    await fill(pusher);
    expect(pusher.ledger.acknowledged).toBeGreaterThan(5);
    for (const refusal of pusher.refusals) expect(refusal).toMatch(/^507 .*"STORAGE_FULL"/);
    await pusher.verify();

    await server.kill();
    await rm(ballast);
    await server.start();
    await pusher.verify();
    expect(await pusher.push(MEBIBYTE)).toBe(true);
    await pusher.verify();
    const { problems } = await checkAfterCrash(server.configFile, pusher.ledger.open);
    expect(problems).toEqual([]);
  });

  test("needs no restart to work again", async () => {
    await using disk = await smallDisk(24);
    const ballast = join(disk.path, "ballast");
    await writeFile(ballast, new Uint8Array(8 * MEBIBYTE));
    const dataDir = join(disk.path, "data");
    await using server = await startBreakwater({ http: true, dataDir });
    const pusher = new Pusher(
      await openRepository(server, "library/full"),
      new Random(seedFrom("DISK_SEED")),
    );
    await fill(pusher);
    await rm(ballast);
    expect(await pusher.push(MEBIBYTE)).toBe(true);
    await pusher.verify();
    const { problems } = await checkAfterCrash(server.configFile, pusher.ledger.open);
    expect(problems).toEqual([]);
  });
});
