import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseRange } from "../../src/http/oci/get-blob.ts";
import { isRefusal } from "../../src/kernel/index.ts";

const size = fc.nat(1_000);

test("a range from the first byte to the last, or to the end", () => {
  fc.assert(
    fc.property(size, fc.nat(1_000), fc.option(fc.nat(2_000)), (length, first, more) => {
      fc.pre(first < length);
      const last = more === null ? "" : String(first + more);
      const end = more === null ? length : Math.min(length, first + more + 1);
      expect(parseRange(`bytes=${first}-${last}`, length)).toEqual({ start: first, end });
    }),
  );
});

test("the last bytes", () => {
  fc.assert(
    fc.property(size, fc.nat(2_000), (length, count) => {
      fc.pre(length > 0 && count > 0);
      expect(parseRange(`bytes=-${count}`, length)).toEqual({
        start: Math.max(0, length - count),
        end: length,
      });
    }),
  );
});

test("whatever is asked for, the answer lies within the blob and is not empty, or is refused", () => {
  const header = fc.oneof(fc.string(), fc.stringMatching(/^bytes=[0-9]{0,25}-[0-9]{0,25}$/));
  fc.assert(
    fc.property(fc.option(header), size, (text, length) => {
      try {
        const range = parseRange(text, length);
        if (range === null) return;
        expect(range.start).toBeGreaterThanOrEqual(0);
        expect(range.end).toBeGreaterThan(range.start);
        expect(range.end).toBeLessThanOrEqual(length);
      } catch (error) {
        if (!isRefusal(error, "RANGE_INVALID")) throw error;
      }
    }),
    { numRuns: 2_000 },
  );
});
