import { expect, test } from "bun:test";
import fc from "fast-check";
import { compareVersions } from "../../../src/scan/versions/index.ts";
import { describeUnless } from "../../support/describe-unless.ts";
import { arbitraryPair } from "./generate.ts";
import { tools, toSign } from "./tools.ts";

for (const tool of tools) {
  describeUnless(tool.missing, `${tool.name} on versions of ${tool.scheme}`, () => {
    test("says the same of generated pairs", async () => {
      const pairs = fc.sample(arbitraryPair(tool.scheme), { numRuns: 300, seed: 5 });
      const theirs = await tool.judge(pairs);
      // What a program refuses others of its age take: Composer's rules for dates have widened.
      const judged = pairs.filter((_, i) => theirs[i] !== "?");
      expect(judged.length).toBeGreaterThan(200);
      const ours = judged.map(([a, b]) => `${a} ${toSign(compareVersions(tool.scheme, a, b))} ${b}`);
      const verdicts = theirs.filter((verdict) => verdict !== "?");
      expect(ours).toEqual(judged.map(([a, b], i) => `${a} ${verdicts[i]} ${b}`));
    });
  });
}
