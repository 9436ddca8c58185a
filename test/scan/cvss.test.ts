import { expect, test } from "bun:test";
import fc from "fast-check";
import { scoreOf } from "../../src/scan/cvss.ts";

/** Scores as NVD and FIRST have published them. */
test.each([
  // CVE-2002-0392, CVE-2003-0818: the examples of CVSS 2's guide.
  ["AV:N/AC:L/Au:N/C:N/I:N/A:C", 7.8],
  ["(AV:N/AC:L/Au:N/C:C/I:C/A:C)", 10],
  ["CVSS:2.0/AV:L/AC:H/Au:N/C:C/I:C/A:C", 6.2],
  // Shellshock, and the examples of CVSS 3's document.
  ["CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8],
  ["CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 6.4],
  ["CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", 3.1],
  ["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10],
  ["CVSS:3.1/C:N/I:N/A:N/AV:N/AC:L/PR:N/UI:N/S:U", 0],
  ["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:P/RL:O", 8.8],
  ["CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3],
  ["CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", 10],
  ["CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U", 5.2],
])("%s scores %d", (vector, score) => {
  expect(scoreOf(vector)).toBe(score);
  expect(scoreOf(vector)).toBe(score);
});

test.each([
  "",
  "7.5",
  "CVSS:3.1/",
  "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H",
  "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/AV:L",
  "CVSS:3.1/AV:Q/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
  "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:",
  "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/ZZ:H",
  "CVSS:3.1/AV:N/AC:L/Au:N/C:P/I:P/A:P",
  "CVSS:4.0/AV:N/AC:L",
  "CVSS:5.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
  "AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
])("%p is no vector", (text) => {
  expect(scoreOf(text)).toBeNull();
});

test("whatever comes is answered with a score or null", () => {
  const metric = fc.constantFrom(
    "AV:N",
    "AC:L",
    "PR:N",
    "UI:N",
    "S:U",
    "C:H",
    "I:H",
    "A:H",
    "Au:N",
    "E:P",
    "x",
    "",
  );
  const vector = fc
    .tuple(fc.constantFrom("CVSS:3.1", "CVSS:4.0", "CVSS:2.0", ""), fc.array(metric))
    .map((parts) => parts.flat().join("/"));
  fc.assert(
    fc.property(fc.oneof(vector, fc.string()), (text) => {
      const score = scoreOf(text);
      expect(score === null || (score >= 0 && score <= 10)).toBe(true);
    }),
  );
});
