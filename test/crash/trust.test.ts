import { expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { succeeded, TrustPerson } from "../clients/trust-person.ts";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { missingCommands, run } from "../support/command.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { eventually } from "../support/eventually.ts";
import { missingPostgresql } from "../support/postgresql.ts";
import { Random, seedFrom } from "./random.ts";
import { TrustPublisher } from "./trust-publisher.ts";

/** Kills of one process; `TRUST_CRASH_KILLS=500` for a long night. */
const KILLS = Number(process.env.TRUST_CRASH_KILLS ?? 14);
const PUBLISHERS = 3;

/** Publishes with the notary program, one tag after the other. */
class NotaryPublisher {
  readonly #person: TrustPerson;
  readonly #gun: string;
  readonly #published: string[] = [];
  #serial = 0;

  constructor(person: TrustPerson, gun: string) {
    this.#person = person;
    this.#gun = gun;
  }

  async begin(): Promise<void> {
    await writeFile(join(this.#person.home, "content"), "hello");
    await succeeded(this.#person.notary("init", this.#gun, "--publish"));
  }

  /** Until the program fails, since there is no server any more. What it has staged then it sends the next time. */
  async run(): Promise<void> {
    for (;;) {
      const tag = `v${++this.#serial}`;
      const { code } = await this.#person.notary("add", this.#gun, tag, "content", "--publish");
      if (code !== 0) return;
      this.#published.push(tag);
    }
  }

  /** Somebody who has never seen the repository must find every tag that was acknowledged. */
  async verify(newcomer: TrustPerson): Promise<void> {
    const listed = await succeeded(newcomer.notary("list", this.#gun));
    for (const tag of this.#published) expect(listed).toMatch(new RegExp(`^${tag}\\s`, "m"));
  }

  get acknowledged(): number {
    return this.#published.length;
  }
}

async function person(server: Breakwater): Promise<TrustPerson> {
  const { host, caFile, admin } = server;
  return TrustPerson.create(run, { registry: host, notary: host, caFile }, admin);
}

async function crash(server: Breakwater, kills: number, random: Random): Promise<number> {
  await using owner = await person(server);
  const program = new NotaryPublisher(owner, `${server.host}/library/by-notary`);
  await program.begin();
  const publishers = await Promise.all(
    Array.from({ length: PUBLISHERS }, (_, index) =>
      TrustPublisher.open(server, `${server.host}/library/app-${index}`, random.fork()),
    ),
  );
  const acknowledged = () =>
    publishers.reduce((sum, publisher) => sum + publisher.acknowledged, program.acknowledged);
  for (let kill = 0; kill < kills; kill++) {
    const before = acknowledged();
    const work = Promise.all([program.run(), ...publishers.map((publisher) => publisher.run())]);
    // Some kills hit the first requests after a start, most hit a server that is busy.
    if (random.chance(0.75))
      await eventually(
        async () => acknowledged(),
        (now) => now > before,
      );
    await Bun.sleep(random.between(0, 200));
    await server.kill();
    await work;
    await server.start();
    for (const publisher of publishers) await publisher.verify();
  }
  await using newcomer = await person(server);
  await program.verify(newcomer);
  for (const { gun, lastTag } of publishers) await succeeded(newcomer.notary("lookup", gun, lastTag));
  return acknowledged();
}

describeUnless(missingCommands("notary"), "trust data that was acknowledged is there after a crash", () => {
  const rounds = [
    ["one process", KILLS, { workers: 1 }, undefined],
    ["two workers", Math.ceil(KILLS / 4), { workers: 2 }, undefined],
    ["PostgreSQL", Math.ceil(KILLS / 4), { workers: 1, database: "postgresql" }, missingPostgresql()],
  ] as const;
  for (const [name, kills, options, missing] of rounds) {
    test.skipIf(missing !== undefined)(
      `with ${name}${missing === undefined ? "" : ` [${missing}]`}`,
      async () => {
        const seed = seedFrom("TRUST_CRASH_SEED");
        await using server = await startBreakwater({ ...options, config: { log: { level: "error" } } });
        const acknowledged = await crash(server, kills, new Random(seed)).catch((cause) => {
          throw new Error(`repeat it with TRUST_CRASH_SEED=${seed}`, { cause });
        });
        expect(acknowledged).toBeGreaterThan(PUBLISHERS);
        console.log(`trust crash test, ${name}: ${kills} kills, ${acknowledged} publishes acknowledged`);
      },
    );
  }
});
