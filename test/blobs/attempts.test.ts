import { expect, test } from "bun:test";
import { Attempts } from "../../src/blobs/chunked/attempts.ts";

test("of what has its time nothing is sent once that is over", async () => {
  const attempts = new Attempts({
    patience: undefined,
    isTransient: () => true,
    unavailable: (error) => new Error("given up", { cause: error }),
  });
  const begun = performance.now();
  const sent: number[] = [];
  const ended: number[] = [];
  const removal = attempts.within(250, async ({ abortSignal }) => {
    sent.push(performance.now() - begun);
    // The second is one that gets no answer.
    if (sent.length === 2) {
      await new Promise((resolve) => abortSignal.addEventListener("abort", resolve));
      ended.push(performance.now() - begun);
    }
    throw new Error("no answer");
  });
  const error = await removal.catch((refused) => refused);
  expect(error).toMatchObject({ message: "given up", cause: { message: "no answer" } });
  expect(sent).toHaveLength(2);
  expect(sent.at(-1)).toBeLessThan(250);
  expect(ended[0]).toBeLessThan(350);
});
