import fc from "fast-check";
import type { VersionScheme } from "../../../src/scan/versions/index.ts";

const triple = fc
  .tuple(...[0, 1, 2].map(() => fc.constantFrom("0", "1", "2", "9", "10", "9007199254740991")))
  .map((some) => some.join("."));

/** The parts of each scheme's versions, from which all of its rules get something to decide. */
const parts: Readonly<Record<VersionScheme, readonly fc.Arbitrary<string>[]>> = {
  deb: [maybe("0: 1: 2: 01:"), words("0 1 10 09 a Z . + ~ -1"), maybe("-0 -1 -1~a -0ubuntu1 -1+b1 -10")],
  rpm: [
    maybe("0: 1: 12:"),
    words("0 1 10 09 a bc . _ + ~ ^"),
    fc.constantFrom("-1", "-2.el8", "-2.el8_1", "-1~rc1", "-1^git1"),
  ],
  apk: [
    numbers(3),
    maybe("a b"),
    list("_alpha _beta1 _pre _rc2 _rc10 _cvs _svn2 _git20200101 _hg _p _p1", 2),
    maybe("-r0 -r1 -r10"),
  ],
  pep440: [
    maybe("1! v"),
    numbers(4),
    maybe("a1 .b2 -rc.3 c _pre10 alpha"),
    maybe(".post1 -2 r3 post"),
    maybe(".dev1 dev _dev10"),
    maybe("+local +1 +1.abc +Ubuntu-2"),
  ],
  semver: [triple, maybe("-alpha -alpha.1 -1 -10 -9.beta -alpha.beta -x-y -rc.1.0"), maybe("+build +1.2")],
  go: [
    maybe("v"),
    triple,
    maybe("-rc.1 -0 -0.20190101000000-abcdefabcdef -pre.0.20190101000000-abcdefabcdef"),
    maybe("+incompatible"),
  ],
  maven: [
    numbers(3),
    list("- . a b1 alpha rc1 -cr-2 .m3 sp -foo .GA Final SNAPSHOT -snapshot 0 1 -1 .x2", 3),
  ],
  gem: [numbers(4), maybe(".a .b1 .pre -1 -rc1 .rc.10 .0.a .beta.0")],
  nuget: [numbers(4), maybe("-alpha -Alpha -beta.1 -beta.10 -BETA.1 -1 -99999999999 -rc-1"), maybe("+meta")],
  composer: [
    maybe("v"),
    numbers(3),
    maybe("-alpha a1 -beta.2 b10 RC1 -rc2 -p1 pl2 -patch -dev -beta1-dev -stable .x-dev"),
    maybe("+meta"),
  ],
};

export function arbitraryVersion(scheme: VersionScheme): fc.Arbitrary<string> {
  return fc.tuple(...parts[scheme]).map((texts) => texts.join(""));
}

/** Two versions that share some of their parts: what is all different is decided by its first. */
export function arbitraryPair(scheme: VersionScheme): fc.Arbitrary<readonly [string, string]> {
  const some = fc.tuple(...parts[scheme]);
  const shared = fc.array(fc.boolean(), { minLength: parts[scheme].length, maxLength: parts[scheme].length });
  return fc
    .tuple(some, some, shared)
    .map(([a, b, keep]) => [a.join(""), b.map((text, i) => (keep[i] ? a[i] : text)).join("")]);
}

/** One of the texts, which spaces separate, or none. */
function maybe(texts: string): fc.Arbitrary<string> {
  return fc.constantFrom("", "", ...texts.split(" "));
}

function list(texts: string, maxLength: number): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom(...texts.split(" ")), { maxLength }).map((some) => some.join(""));
}

/** Begins with a digit. */
function words(texts: string): fc.Arbitrary<string> {
  return fc.tuple(fc.constantFrom("0", "1", "10"), list(texts, 4)).map(([first, rest]) => first + rest);
}

function numbers(maxLength: number): fc.Arbitrary<string> {
  return fc
    .array(fc.constantFrom("0", "0", "1", "1", "9", "10", "01"), { minLength: 1, maxLength })
    .map((some) => some.join("."));
}
