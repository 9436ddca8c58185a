import { expect, test } from "bun:test";
import { noDockerEngine, startDockerEngine } from "../clients/docker-engine.ts";
import { breakwater } from "../command-line/breakwater.ts";
import { Random, seedFrom } from "../crash/random.ts";
import type { Breakwater } from "../support/breakwater.ts";
import { describeUnless } from "../support/describe-unless.ts";
import type { Fault } from "../support/faulty-proxy.ts";
import { type Image, makeImage } from "../support/image.ts";
import { type Cluster, missingForCluster, startCluster } from "./cluster.ts";
import { pushAndPull } from "./docker-rounds.ts";
import { PatientClient } from "./patient-client.ts";

/** Milliseconds for which things fail. */
const DURATION = Number(process.env.FAILURES_SECONDS ?? 40) * 1000;
const CLIENTS = 4;
const noDocker = await noDockerEngine();

/** A client, and what it was told is there and is not. */
class Worker {
  readonly client: PatientClient;
  readonly pushed = new Map<string, Image>();
  readonly deleted = new Set<string>();
  readonly #name: string;
  readonly #random: Random;

  constructor(cluster: Cluster, at: number, random: Random) {
    this.#name = `c${at}`;
    this.#random = random;
    this.client = new PatientClient(cluster.balancer.url, "library/app", adminOf(cluster));
  }

  async work(go: () => boolean): Promise<void> {
    for (let round = 0; go(); round++) {
      const layers = this.#random.between(1, 2);
      const image = await makeImage({ layers, layerSize: this.#random.between(1_000, 1_500_000) });
      const tag = `${this.#name}-${round}`;
      await this.client.pushImage(image, tag);
      this.pushed.set(tag, image);
      const [other, known] = this.#random.pick([...this.pushed]);
      if (this.#random.chance(0.5)) await this.client.pullImage(known, other);
      if (this.#random.chance(0.2)) {
        this.pushed.delete(other);
        await this.client.delete(known.manifest.digest);
        this.deleted.add(other);
      }
    }
  }
}

/** What fails, one thing after the other, each mended before the next. */
async function fail(cluster: Cluster, random: Random): Promise<string> {
  const pause = () => Bun.sleep(random.between(200, 1_500));
  const faults: Readonly<Record<string, () => Promise<void>>> = {
    "a copy is killed": async () => {
      const copy = random.pick(cluster.copies);
      await copy.kill();
      await pause();
      await copy.start();
    },
    "two copies are killed": async () => {
      const two = cluster.copies.filter((copy) => copy !== random.pick(cluster.copies)).slice(0, 2);
      await Promise.all(two.map((copy) => copy.kill()));
      await pause();
      await Promise.all(two.map((copy) => copy.start()));
    },
    "PostgreSQL is restarted": async () => {
      await cluster.database.stop(random.pick(["fast", "immediate"]));
      await pause();
      await cluster.database.start();
    },
    "S3 answers 503": () => storageFails(cluster, { status: 503 }, random.between(1_000, 4_000)),
    "S3 hangs": () => storageFails(cluster, "hang", random.between(1_000, 4_000)),
    "S3's answers are lost": () => storageFails(cluster, "lose-answer", random.between(500, 2_000)),
  };
  const [name, fault] = random.pick(Object.entries(faults));
  await fault();
  return name;
}

async function storageFails({ storage }: Cluster, fault: Fault, milliseconds: number): Promise<void> {
  storage.choose = () => fault;
  await Bun.sleep(milliseconds);
  storage.choose = () => null;
}

function adminOf({ copies }: Cluster) {
  const [first] = copies as [Breakwater];
  return first.admin;
}

describeUnless(missingForCluster(), "three copies behind nginx, on PostgreSQL and S3", () => {
  test(`nothing that was acknowledged is lost while any part fails${noDocker ? ` [without a Docker Engine: ${noDocker}]` : ""}`, async () => {
    const seed = seedFrom("FAILURES_SEED");
    console.log(`failure test: FAILURES_SEED=${seed}`);
    const random = new Random(seed);
    await using cluster = await startCluster(3, { log: { level: "error" } });
    const workers = Array.from({ length: CLIENTS }, (_, at) => new Worker(cluster, at, random.fork()));
    await using engine = noDocker ? null : await startDockerEngine({ hostname: "registry.test" });
    const registry = `127.0.0.1:${cluster.balancer.port}`;
    await engine?.login(registry, adminOf(cluster));

    let failing = true;
    const go = () => failing;
    const work = Promise.all([
      ...workers.map((worker) => worker.work(go)),
      engine === null ? [] : pushAndPull(engine, registry, go),
    ]);
    // Should a client complain, it is known at once; the rest is cleared away behind it.
    work.catch(() => {
      failing = false;
    });
    const counts = new Map<string, number>();
    for (const end = Date.now() + DURATION; failing && Date.now() < end; ) {
      const what = await fail(cluster, random);
      counts.set(what, (counts.get(what) ?? 0) + 1);
      await Bun.sleep(random.between(500, 1_500));
    }
    failing = false;
    const dockerImages = (await work).at(-1) ?? [];

    let verified = 0;
    for (const { pushed, deleted } of workers) {
      // Each copy by itself has everything, not only the one that took it.
      for (const [tag, image] of pushed) {
        const copy = cluster.copies[verified++ % cluster.copies.length] as Breakwater;
        const direct = new PatientClient(copy.url, "library/app", copy.admin);
        await direct.pullImage(image, tag);
        await direct.pullImage(image, image.manifest.digest);
      }
      for (const tag of deleted) expect(await workers[0]?.client.statusOf(tag)).toBe(404);
    }
    expect(verified).toBeGreaterThan(CLIENTS);
    await checkStorage(cluster);
    const setbacks = Object.fromEntries(
      workers.flatMap(({ client }) => [...client.setbacks]).reduce(sum, new Map<number, number>()),
    );
    console.log(
      `failure test: ${JSON.stringify(Object.fromEntries(counts))}; ${verified} images read back, ${dockerImages.length} of Docker's; setbacks by status ${JSON.stringify(setbacks)}`,
    );
  }, 300_000);
});

function sum(total: Map<number, number>, [status, times]: [number, number]): Map<number, number> {
  return total.set(status, (total.get(status) ?? 0) + times);
}

/** What broken-off requests left is repaired; nothing else is wrong, and nothing at all the second time. */
async function checkStorage({ copies }: Cluster): Promise<void> {
  const [{ configFile }] = copies as [Breakwater];
  const fsck = async (...options: string[]) => {
    const { stdout } = await breakwater([
      "fsck",
      "--config",
      configFile,
      "--json",
      "--grace",
      "0s",
      ...options,
    ]);
    return (JSON.parse(stdout) as { findings: readonly Found[] }).findings;
  };
  const left = await fsck("--deep", "--repair");
  expect(left.filter(({ repaired }) => !repaired)).toEqual([]);
  expect(left.filter(({ severity }) => severity === "damage")).toEqual([]);
  expect(await fsck()).toEqual([]);
}

interface Found {
  readonly severity: string;
  readonly repaired: boolean;
  readonly message: string;
}
