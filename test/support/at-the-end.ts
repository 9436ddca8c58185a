import { afterAll } from "bun:test";

const endings: (() => Promise<void>)[] = [];

/** Has `work` done when all test files are through: for what they share. */
export function atTheEnd(work: () => Promise<void>): void {
  endings.push(work);
}

// This file is preloaded (bunfig.toml), and so its hook is that of the whole run.
afterAll(async () => {
  for (const work of endings) await work();
});
