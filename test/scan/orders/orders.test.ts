import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Order } from "../../../src/scan/orders/order.ts";
import { Orders } from "../../../src/scan/orders/orders.ts";
import { SecretBox } from "../../../src/scan/scanners/secret-box.ts";
import { describeOnEngines, type TestDatabase } from "../../support/engines.ts";

describeOnEngines("orders of other registries", (open) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await open();
  });
  afterAll(() => database.close());

  const order: Order = {
    origin: "http://registry.example.com",
    repository: "library/app",
    digest: `sha256:${"1".repeat(64)}`,
    authorization: "Bearer secret",
  };
  const boxOf = (byte: number) => new SecretBox(new Uint8Array(32).fill(byte));

  test("that were sealed with another secret fail with a reason, and hold up none behind them", async () => {
    let now = Date.parse("2026-06-01T00:00:00Z");
    const clock = () => now++;
    const before = new Orders(database, clock, boxOf(1));
    const orders = new Orders(database, clock, boxOf(2));
    const sealed = await before.place("harbor", order);
    const placed = await orders.place("harbor", order);
    expect(await orders.take("worker")).toBeNull();
    expect(await orders.get("harbor", sealed)).toMatchObject({
      state: "failed",
      failure: expect.stringContaining("another secret"),
    });
    expect(await orders.take("worker")).toEqual({ ...order, id: placed });
  });
});
