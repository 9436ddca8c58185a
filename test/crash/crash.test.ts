import { expect, test } from "bun:test";
import { type Breakwater, type StartOptions, startBreakwater } from "../support/breakwater.ts";
import { content } from "../support/image.ts";
import { missingPostgresql } from "../support/postgresql.ts";
import { openRepository } from "../support/registry-client.ts";
import { s3Missing } from "../support/s3.ts";
import { checkAfterCrash } from "./after-crash.ts";
import { Client, type Playground } from "./client.ts";
import { Collecting } from "./collecting.ts";
import { Random, seedFrom } from "./random.ts";
import { ReadBack } from "./read-back.ts";

/** Kills in all; `CRASH_KILLS=2000` for a long night. */
const KILLS = Number(process.env.CRASH_KILLS ?? 200);
/** Of these, with several workers: they take longer to start. */
const KILLS_OF_WORKERS = Math.ceil(KILLS / 10);
/** And of a server on PostgreSQL and S3, which takes longer too. */
const KILLS_ON_SERVERS = Math.ceil(KILLS / 20);
const CLIENTS = 6;
const REPOSITORIES = ["library/a", "library/b", "library/c"];

class Crashes {
  readonly #server: Breakwater;
  /** Milliseconds of work before a kill. */
  readonly #longest: number;
  readonly #random: Random;
  readonly #playground: Playground;
  readonly #clients: readonly Client[];
  kills = 0;
  leftovers = 0;
  bytes = 0;

  constructor(server: Breakwater, random: Random, playground: Playground, longest: number) {
    this.#server = server;
    this.#longest = longest;
    this.#random = random;
    this.#playground = playground;
    this.#clients = Array.from({ length: CLIENTS }, (_, i) => new Client(`c${i}`, playground, random.fork()));
  }

  static async of(server: Breakwater, random: Random, longest: number): Promise<Crashes> {
    const repositories = await Promise.all(REPOSITORIES.map((name) => openRepository(server, name)));
    const sharedLayers = Array.from({ length: 8 }, () =>
      content("", random.bytes(random.between(10, 60_000))),
    );
    return new Crashes(server, random, { repositories, sharedLayers, collecting: false }, longest);
  }

  /** Load, a kill in the middle of it, and a look at everything that was ever acknowledged. */
  async round(): Promise<void> {
    const collecting = this.#random.chance(0.2) ? new Collecting(this.#server) : null;
    this.#playground.collecting = collecting !== null;
    const work = Promise.all([...this.#clients.map((client) => client.run()), collecting?.run()]);
    // Some kills hit the first requests after a start, most hit a server that is busy.
    if (this.#random.chance(0.75)) await this.#busy();
    await Bun.sleep(this.#random.between(10, this.#longest) + (collecting === null ? 0 : 300));
    await Promise.all([this.#server.kill(), collecting?.kill()]);
    await work;
    this.kills++;
    const open = new Set(this.#clients.flatMap(({ ledger }) => [...ledger.open]));
    await this.#server.start();
    await this.verify(false);
    const { problems, leftovers } = await checkAfterCrash(this.#server.configFile, open);
    expect(problems).toEqual([]);
    this.leftovers += leftovers;
  }

  /** Resolves when something has been acknowledged since it was called. */
  async #busy(): Promise<void> {
    const before = this.acknowledged;
    for (const deadline = Date.now() + 5_000; this.acknowledged === before && Date.now() < deadline; ) {
      await Bun.sleep(5);
    }
  }

  /** Reads back what the ledgers say; `again` also what was gone before, which must not come back. */
  async verify(again: boolean): Promise<void> {
    const readBack = new ReadBack(this.#playground.repositories);
    for (const { ledger, complaints } of this.#clients) {
      expect(await ledger.verify(readBack.observe, again)).toEqual([]);
      expect(complaints).toEqual([]);
    }
    this.bytes += readBack.bytes;
  }

  get verified(): number {
    return this.#clients.reduce((sum, { ledger }) => sum + ledger.verified, 0);
  }

  get acknowledged(): number {
    return this.#clients.reduce((sum, { ledger }) => sum + ledger.acknowledged, 0);
  }
}

const missing = missingPostgresql() ?? s3Missing;
const cases: readonly {
  name: string;
  kills: number;
  longest: number;
  options: StartOptions;
  missing?: string | undefined;
}[] = [
  { name: "one process", kills: KILLS - KILLS_OF_WORKERS, longest: 250, options: { workers: 1 } },
  { name: "two workers", kills: KILLS_OF_WORKERS, longest: 250, options: { workers: 2 } },
  {
    name: "one process on PostgreSQL and S3",
    kills: KILLS_ON_SERVERS,
    // Each change takes it several ways there and back.
    longest: 2_500,
    options: { database: "postgresql", storage: "s3" },
    missing,
  },
];

for (const { name, kills, longest, options, missing } of cases) {
  test.skipIf(missing !== undefined)(
    `nothing that was acknowledged is lost, and nothing dangles, when ${name} is killed in the middle of its work${missing ? ` [${missing}]` : ""}`,
    async () => {
      const seed = seedFrom("CRASH_SEED");
      console.log(`crash test: CRASH_SEED=${seed} CRASH_KILLS=${KILLS}`);
      await using server = await startBreakwater({
        http: true,
        ...options,
        config: { log: { level: "error" } },
      });
      const crashes = await Crashes.of(server, new Random(seed), longest);
      try {
        while (crashes.kills < kills) await crashes.round();
        await crashes.verify(true);
      } catch (error) {
        console.log(`crash test: failed after kill ${crashes.kills}; repeat it with CRASH_SEED=${seed}`);
        throw error;
      }
      expect(crashes.acknowledged).toBeGreaterThan(kills);
      // An upload that a killed process held is left alone until its hold runs out: it may be a leftover only now.
      const { problems, leftovers } = await checkAfterCrash(server.configFile, new Set());
      expect(problems).toEqual([]);
      crashes.leftovers += leftovers;
      console.log(
        `crash test: ${kills} kills of ${name}; ${crashes.acknowledged} changes acknowledged, ${crashes.verified} verified by reading ${crashes.bytes} bytes back; ${crashes.leftovers} leftovers repaired`,
      );
    },
    1_200_000,
  );
}
