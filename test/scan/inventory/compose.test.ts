import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Digest } from "../../../src/kernel/index.ts";
import { type Analyzer, foundPackage } from "../../../src/scan/inventory/analyzer.ts";
import { analyzers } from "../../../src/scan/inventory/analyzers.ts";
import { composeImage } from "../../../src/scan/inventory/compose/compose-image.ts";
import { archive, byContent, type Entry, file, folder, hardLink, read, symlink } from "./archive.ts";
import { type Model, merge, unpack, visible } from "./unpacked.ts";

const digest = (layer: number) => `sha256:${String(layer).padStart(64, "0")}` as Digest;

async function compose(layers: readonly (readonly Entry[])[], analyzers?: readonly Analyzer[]) {
  const options = analyzers === undefined ? {} : { analyzers };
  const readOne = async (entries: readonly Entry[], layer: number) => {
    const tar = await archive(entries);
    const { missedLinks: links } = await read(tar, options);
    const { inventory } = await read(tar, { ...options, links });
    return { digest: digest(layer), inventory };
  };
  return composeImage(await Promise.all(layers.map(readOne)));
}

/** Packages as `path=name@layer`, in order. */
async function packages(...layers: readonly (readonly Entry[])[]): Promise<string[]> {
  const image = await compose(layers, [byContent]);
  return image.packages.map(({ path, name, layer }) => `${path}=${name}@${Number(layer.slice(7))}`).sort();
}

describe("layers over one another", () => {
  const base = [file("a/p", "1"), file("a/b/p", "2")];
  const cases: Record<string, [upper: Entry[], left: string[]]> = {
    "a file over a file": [[file("a/p", "3")], ["a/b/p=2@0", "a/p=3@1"]],
    "a file nobody wants over a folder": [[file("a/b")], ["a/p=1@0"]],
    "a link over a folder": [[symlink("a", "c")], []],
    "a folder over a file": [[folder("a/p")], ["a/b/p=2@0"]],
    "a folder over a folder": [[folder("a")], ["a/b/p=2@0", "a/p=1@0"]],
    "a file in what was a file": [[file("a/p/p", "3")], ["a/b/p=2@0", "a/p/p=3@1"]],
    "a whiteout": [[file("a/.wh.p")], ["a/b/p=2@0"]],
    "a whiteout of a folder": [[file(".wh.a")], []],
    "a whiteout of a folder that comes anew": [[file("a/p", "3"), file(".wh.a")], ["a/p=3@1"]],
    "a whiteout of what the layer itself brings": [
      [file("a/.wh.p"), file("a/p", "3")],
      ["a/b/p=2@0", "a/p=3@1"],
    ],
    "an opaque folder": [[file("a/.wh..wh..opq"), file("a/p3", "3")], ["a/p3=3@1"]],
    "an opaque folder, said last": [[file("a/p3", "3"), file("a/.wh..wh..opq")], ["a/p3=3@1"]],
    "an opaque root": [[file(".wh..wh..opq")], []],
    "whiteouts that name no file": [
      [file("a/.wh."), file("a/.wh..wh.plnk"), file("a/b/.wh..")],
      ["a/b/p=2@0", "a/p=1@0"],
    ],
    "a hard link": [
      [file("c/p", "3"), hardLink("a/p", "c/p")],
      ["a/b/p=2@0", "a/p=3@1", "c/p=3@1"],
    ],
  };
  for (const [what, [upper, left]] of Object.entries(cases))
    test(what, async () => {
      expect(await packages(base, upper)).toEqual(left);
    });

  test("what is hidden does not come back by a folder above", async () => {
    expect(await packages(base, [file(".wh.a")], [folder("a"), file("a/p9", "9")])).toEqual(["a/p9=9@2"]);
    expect(await packages(base, [file("a")], [folder("a")])).toEqual([]);
  });
});

const path = fc
  .array(fc.constantFrom("a", "b", "p1", "p2"), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join("/"));
const entry: fc.Arbitrary<Entry> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(path, fc.integer({ max: 99 })).map(([name, n]) => file(name, `n${n}`)) },
  path.map(folder),
  fc.tuple(path, path).map(([name, target]) => symlink(name, target)),
  fc.tuple(path, path).map(([name, target]) => hardLink(name, target)),
  path.map((name) => file(name.replace(/[^/]*$/, (last) => `.wh.${last}`))),
  path.map((name) => file(`${name}/.wh..wh..opq`)),
);

test("compositions are what unpacking one layer after the other leaves", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(entry, { maxLength: 8 }), { minLength: 1, maxLength: 4 }),
      async (given) => {
        let below: Model | null = null;
        const layers: Entry[][] = [];
        for (const [layer, entries] of given.entries()) {
          const { model, taken } = unpack(entries, layer);
          below = below === null ? model : merge(below, model);
          layers.push(taken);
        }
        expect(await packages(...layers)).toEqual(visible(below));
      },
    ),
    { numRuns: 200 },
  );
});

describe("package databases", () => {
  const status = (...names: string[]) =>
    file(
      "var/lib/dpkg/status",
      names.map((name) => `Package: ${name}\nStatus: install ok installed\nVersion: 1\n`).join("\n"),
    );
  const layersOf = async (...layers: Entry[][]) =>
    (await compose(layers)).packages.map(({ name, layer }) => `${name}@${Number(layer.slice(7))}`);

  test("the uppermost counts, and each package is of the layer that it came with", async () => {
    expect(
      await layersOf([status("a", "b")], [file("x")], [status("a", "b", "c")], [status("b", "c", "d")]),
    ).toEqual(["b@0", "c@2", "d@3"]);
  });

  test("a package that went and came back is of the layer that brought it back", async () => {
    expect(await layersOf([status("a")], [status()], [status("a")])).toEqual(["a@2"]);
    expect(await layersOf([status("a")], [file("var/lib/dpkg/.wh.status")], [status("a")])).toEqual(["a@2"]);
  });

  test("a folder of databases that a link leads elsewhere is a failure too", async () => {
    const { failures } = await compose([
      [symlink("var/lib/dpkg/status.d", "/data"), file("data/a", "Package: a\nVersion: 1\n")],
    ]);
    expect(failures.map(({ path, type }) => [path, type])).toEqual([["var/lib/dpkg/status.d", "deb"]]);
  });

  test("that an upper layer has removed are a failure, unless the packages are told of elsewhere", async () => {
    const told = async (...layers: Entry[][]) => {
      const { packages, failures } = await compose(layers);
      return [...packages.map(({ name }) => name), ...failures.map(({ layer, type }) => `${type}@${layer}`)];
    };
    const removals: Entry[][] = [
      [file("var/lib/.wh.dpkg")],
      [file("var/lib/dpkg/status", "")],
      [file("var/lib/dpkg/.wh.status"), folder("var/lib/dpkg/status")],
      [symlink("var", "/data")],
    ];
    for (const removal of removals)
      expect(await told([], [status("a")], [status("a", "b")], removal)).toEqual([`deb@${digest(2)}`]);
    const rest = [
      file("var/lib/dpkg/.wh.status"),
      file("var/lib/dpkg/status.d/a", "Package: a\nVersion: 1\n"),
    ];
    expect(await told([status("a")], rest)).toEqual(["a"]);
    const damaged = [file("var/lib/dpkg/status", "no database")];
    expect(await told([status("a")], damaged)).toEqual([`deb@${digest(1)}`]);
    const moved = [file("lib/apk/db/.wh.installed"), file("usr/lib/apk/db/installed", "P:a\nV:1\n\n")];
    expect(await told([file("lib/apk/db/installed", "P:a\nV:1\n\n")], moved)).toEqual(["a"]);
  });

  test("are none of Windows, whose system is a failure", async () => {
    const { failures } = await compose([
      [folder("Files/Windows"), file("Hives/Software_Base")],
      [file("Files/a")],
    ]);
    expect(failures).toEqual([
      {
        layer: digest(0),
        path: "Files/Windows",
        type: null,
        managed: false,
        reason: "It is a system of Windows, of which neither release nor updates are read.",
      },
    ]);
  });

  test("behind a link are found where package managers may have them, and elsewhere are a failure", async () => {
    const merged = [symlink("lib", "usr/lib"), file("usr/lib/apk/db/installed", "P:a\nV:1\n\n")];
    const apk = await compose([merged]);
    expect([apk.packages.length, apk.failures]).toEqual([1, []]);
    const moved = [
      symlink("var/lib/dpkg", "/data/dpkg"),
      file("data/dpkg/status", "Package: a\nVersion: 1\n"),
    ];
    const { packages, failures } = await compose([moved]);
    expect(packages).toEqual([]);
    expect(failures).toEqual([
      {
        layer: digest(0),
        path: "var/lib/dpkg/status",
        type: "deb",
        managed: false,
        reason: "It is a link to data/dpkg/status, which is not read.",
      },
    ]);
  });

  test("of status.d behind links are a failure, unless they lead to another one there", async () => {
    const entry = file("var/lib/dpkg/status.d/a", "Package: a\nVersion: 1\n");
    const links = [
      ["b", "/data/b"],
      ["c", "a"],
      ["b.md5sums", "/data/b"],
      ["d", "/none"],
      ["e", "e"],
    ].map(([name, target]) => symlink(`var/lib/dpkg/status.d/${name}`, target as string));
    const hidden = file("data/b", "Package: b\nVersion: 1\n");
    const { packages, failures } = await compose([[entry, hidden], links]);
    expect(packages.map(({ name }) => name)).toEqual(["a"]);
    expect(failures).toEqual([
      {
        layer: digest(1),
        path: "var/lib/dpkg/status.d/b",
        type: "deb",
        managed: false,
        reason: "It is a link to what is not read, one of 2 there.",
      },
    ]);
  });

  test("status.d has an entry in each file", async () => {
    const one = (name: string) => file(`var/lib/dpkg/status.d/${name}`, `Package: ${name}\nVersion: 1`);
    expect(
      await layersOf([one("a")], [one("b"), file("var/lib/dpkg/status.d/b.md5sums", "0  usr/x")]),
    ).toEqual(["a@0", "b@1"]);
  });
});

describe("what the operating system's packages own", () => {
  const metadata = "Name: x\nVersion: 1\n\n";
  const at = (folder: string) => file(`${folder}/x.egg-info`, metadata);
  const managed = async (...layers: Entry[][]) =>
    (await compose(layers)).packages.map(({ path, managed }) => [path.split("/")[0], managed]);
  const list = (path: string) => file("var/lib/dpkg/info/x.list", `/.\n/usr\n${path}\n`);

  test("is told by dpkg's lists, those of upper layers too", async () => {
    expect(await managed([at("usr/lib"), list("/usr/lib/x.egg-info")])).toEqual([["usr", true]]);
    expect(await managed([at("usr/lib")], [list("/usr/lib/x.egg-info")])).toEqual([["usr", true]]);
    expect(await managed([at("opt"), list("/usr/lib/x.egg-info")])).toEqual([["opt", false]]);
  });

  test("is told in a moment where lists name thousands of deep folders", async () => {
    const deep = Array(1900).fill("a").join("/");
    const listed = Array.from({ length: 1000 }, (_, index) => `F:${deep}/${index}\nR:x.egg-info\n`).join("");
    const layers = [[file("lib/apk/db/installed", `P:x\nV:1\n${listed}`), at(deep)]];
    const started = performance.now();
    expect((await compose(layers)).packages).toHaveLength(2);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  test("is so too where it could not be read", async () => {
    const jar = file("usr/share/java/x.jar", "no archive");
    const failures = async (...entries: Entry[]) =>
      (await compose([[jar, ...entries]])).failures.map(({ type, managed }) => [type, managed]);
    expect(await failures(list("/usr/share/java/x.jar"))).toEqual([["maven", true]]);
    expect(await failures(list("/usr/share/java/y.jar"))).toEqual([["maven", false]]);
  });

  test("is not what an upper layer has put in its place, unless that layer has changed the package too", async () => {
    const own = list("/usr/lib/x.egg-info");
    expect(await managed([at("usr/lib"), own], [at("usr/lib")])).toEqual([["usr", false]]);
    expect(await managed([at("usr/lib"), own], [at("usr/lib")], [own])).toEqual([["usr", true]]);
    const apk = (...versions: string[]) =>
      file(
        "lib/apk/db/installed",
        versions
          .map((version, index) => `P:x${index}\nV:${version}\nF:usr/lib${index}\nR:x.egg-info\n\n`)
          .join(""),
      );
    const inUpper = async (...layers: Entry[][]) =>
      (await managed(...layers)).filter(([folder]) => folder === "usr").map(([, managed]) => managed);
    const lower = [at("usr/lib0"), apk("1")];
    expect(await inUpper(lower)).toEqual([true]);
    expect(await inUpper(lower, [at("usr/lib0")])).toEqual([false]);
    expect(await inUpper(lower, [at("usr/lib0"), apk("1", "1"), at("usr/lib1")])).toEqual([false, true]);
    expect(await inUpper(lower, [at("usr/lib0"), apk("2", "1"), at("usr/lib1")])).toEqual([true, true]);
  });

  test("is known by the names that links give it", async () => {
    expect(await managed([symlink("lib", "usr/lib"), at("usr/lib"), list("/lib/x.egg-info")])).toEqual([
      ["usr", true],
    ]);
  });

  test("does not count when the list is gone", async () => {
    const lists = [at("usr/lib"), list("/usr/lib/x.egg-info")];
    expect(await managed(lists, [file("var/lib/dpkg/info/.wh.x.list")])).toEqual([["usr", false]]);
  });

  test("is not what other vendors' packages own, or those of nobody", async () => {
    const ownedBy = (vendor: string | null): Analyzer => ({
      type: "rpm",
      wants: (path) => path === "var/lib/rpm/rpmdb.sqlite",
      *analyze() {
        yield foundPackage("rpm", "x", "1-1", { vendor });
        const owner = { name: "x", version: "1-1", architecture: null, vendor };
        yield { owns: "/usr/lib/x.egg-info", owner };
      },
    });
    const layer = [at("usr/lib"), file("var/lib/rpm/rpmdb.sqlite"), file("etc/os-release", "ID=rocky\n")];
    const owned = async (vendor: string | null) => {
      const others = analyzers.filter(({ type }) => type !== "rpm");
      const { packages } = await compose([layer], [...others, ownedBy(vendor)]);
      return packages.flatMap(({ type, managed }) => (type === "rpm" ? [] : [managed]));
    };
    expect(await owned("Some Company")).toEqual([false]);
    expect(await owned("Rocky Enterprise Software Foundation")).toEqual([true]);
    expect(await owned(null)).toEqual([false]);
  });

  test("is not what somebody else's debs and apks own, or what nobody says to maintain", async () => {
    const owned = async (id: string, ...files: Entry[]) => {
      const layer = [file("etc/os-release", `ID=${id}\n`), at("usr/lib"), ...files];
      return (await compose([layer])).packages.find(({ type }) => type === "pypi")?.managed;
    };
    const field = (maintainer: string | null) => (maintainer === null ? "" : `Maintainer: ${maintainer}\n`);
    const deb = (maintainer: string | null) => [
      file("var/lib/dpkg/status", `Package: x\nVersion: 1\n${field(maintainer)}\n`),
      file("var/lib/dpkg/info/x:amd64.list", "/usr/lib/x.egg-info\n"),
    ];
    const distroless = (maintainer: string | null) => [
      file("var/lib/dpkg/status.d/x", `Package: libx\nVersion: 1\n${field(maintainer)}`),
      file("var/lib/dpkg/status.d/x.md5sums", "0  usr/lib/x.egg-info\n"),
    ];
    const apk = (maintainer: string) =>
      file("lib/apk/db/installed", `P:x\nV:1\nm:${maintainer}\nF:usr/lib\nR:x.egg-info\n\n`);
    const team = "Debian Python Team <team+python@tracker.debian.org>";
    const ubuntu = "Ubuntu Developers <ubuntu-devel-discuss@lists.ubuntu.com>";
    for (const files of [deb, distroless]) {
      expect(await owned("debian", ...files(team))).toBe(true);
      expect(await owned("ubuntu", ...files(ubuntu))).toBe(true);
      expect(await owned("debian", ...files(ubuntu))).toBe(false);
      for (const other of ["A Company <root@example.com>", "X <x@debian.org.example>", "debian.org", null])
        expect(await owned("debian", ...files(other)), `${other}`).toBe(false);
    }
    expect(await owned("debian", file("var/lib/dpkg/info/x.list", "/usr/lib/x.egg-info\n"))).toBe(false);
    expect(await owned("alpine", apk("A. Developer <a@alpinelinux.org>"))).toBe(true);
    expect(await owned("alpine", apk("A Company <root@example.com>"))).toBe(false);
    expect(await owned("wolfi", apk(""))).toBe(true);
  });

  test("is told by status.d's sums and by apk's database", async () => {
    const sums = file("var/lib/dpkg/status.d/x.md5sums", `${"0".repeat(32)}  usr/lib/x.egg-info\n`);
    expect(await managed([at("usr/lib"), sums])).toEqual([["usr", true]]);
    const apk = file("lib/apk/db/installed", "P:x\nV:1\nF:usr/lib\nR:x.egg-info\n\n");
    expect(await managed([at("usr/lib"), apk])).toEqual([
      ["usr", true],
      ["lib", false],
    ]);
  });
});

describe("the distribution", () => {
  const osRelease = (text: string, path = "etc/os-release") => file(path, text);
  const distribution = async (...layers: Entry[][]) => (await compose(layers)).distribution;

  test("is that of os-release, through its link and from the uppermost layer", async () => {
    const text =
      'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n';
    const link = symlink("etc/os-release", "../usr/lib/os-release");
    const expected = {
      id: "debian",
      version: "12",
      like: [],
      codename: "bookworm",
      name: "Debian GNU/Linux 12 (bookworm)",
    };
    expect(await distribution([link, osRelease(text, "usr/lib/os-release")])).toEqual(expected);
    expect(await distribution([osRelease("ID=old\n")], [osRelease(text)])).toEqual(expected);
  });

  test("of Alpine is the release that its repositories say", async () => {
    const alpine = osRelease('ID=alpine\nVERSION_ID=3.10.2\nPRETTY_NAME="Alpine"\n');
    const repositories = (...lines: string[]) => file("etc/apk/repositories", lines.join("\n"));
    const versionWith = async (...lines: string[]) =>
      (await distribution([alpine, repositories(...lines)]))?.version;
    const mirror = "https://mirror.example.com/alpine";
    expect(await versionWith(`${mirror}/v3.10/main`, `${mirror}/v3.10/community`)).toBe("3.10.2");
    expect(await versionWith(`${mirror}/v3.9/main`, `${mirror}/v3.11/main`)).toBe("3.11");
    expect(await versionWith(`${mirror}/v3.10/main`, `${mirror}/edge/main`)).toBe("edge");
    expect(
      await versionWith(`${mirror}/v3.10/main`, `@edge ${mirror}/edge/main`, `#${mirror}/edge/main`),
    ).toBe("3.10.2");
    for (const part of ["testing", "community"])
      expect(await versionWith(`${mirror}/v3.10/main`, `${mirror}/edge/${part}`)).toBe("3.10.2");
    expect(await versionWith(`${mirror}/v3.11/main`, `${mirror}/edge/testing/`)).toBe("3.11");
    expect(await versionWith(`${mirror}/edge/testing`)).toBe("3.10.2");
    expect(await versionWith("")).toBe("3.10.2");
  });

  const fallbacks: [path: string, text: string, id: string, version: string][] = [
    ["etc/alpine-release", "3.4.6\n", "alpine", "3.4.6"],
    ["etc/debian_version", "6.0.10\n", "debian", "6"],
    ["etc/debian_version", "trixie/sid\n", "debian", ""],
    ["etc/redhat-release", "CentOS release 6.10 (Final)\n", "centos", "6.10"],
    ["etc/redhat-release", "Red Hat Enterprise Linux Server release 6.9 (Santiago)\n", "rhel", "6.9"],
  ];
  for (const [path, text, id, version] of fallbacks)
    test(`without os-release is that of ${path}: ${text.trim()}`, async () => {
      expect(await distribution([file(path, text)])).toMatchObject({ id, version });
      expect(await distribution([file(path, text), osRelease("ID=x\nVERSION_ID=1\n")])).toMatchObject({
        id: "x",
      });
    });

  test("without os-release is no release of Debian's where debian_version names two", async () => {
    const said = await distribution([file("etc/debian_version", "bookworm/sid\n")]);
    expect(said).toMatchObject({ id: "debian", version: "", codename: null });
  });

  test("without os-release is behind the links of CentOS 6", async () => {
    const links = ["redhat-release", "system-release"].map((name) =>
      symlink(`etc/${name}`, "centos-release"),
    );
    const text = file("etc/centos-release", "CentOS release 6.10 (Final)\n");
    for (const entries of [[text, ...links], [text]])
      expect(await distribution(entries)).toMatchObject({ id: "centos", version: "6.10" });
  });

  test("is null when nothing says it", async () => {
    expect(await distribution([file("etc/os-release", "\n")])).toBeNull();
  });
});

test("a layer that is listed many times is looked at once, and counts where it lies last", async () => {
  const { inventory } = await read(await archive([file("a/p", "1")]), { analyzers: [byContent] });
  let looks = 0;
  const often = {
    digest: digest(0),
    inventory: {
      ...inventory,
      get root() {
        looks++;
        return inventory.root;
      },
    },
  };
  const upper = await read(await archive([file("a/p", "2"), file("a/p2", "3")]), { analyzers: [byContent] });
  const once = { digest: digest(1), inventory: upper.inventory };
  const image = composeImage([often, once, ...Array(500).fill(often)]);
  expect(image.packages.map(({ path, name, layer }) => [path, name, layer])).toEqual([
    ["a/p2", "3", digest(1)],
    ["a/p", "1", digest(0)],
  ]);
  expect(looks).toBe(1);
});

test("a layer that could not be read is a failure, and the others still count", () => {
  const image = composeImage([{ digest: digest(0), failure: "The layer is empty." }]);
  expect(image).toEqual({
    distribution: null,
    packages: [],
    failures: [{ layer: digest(0), path: null, type: null, managed: false, reason: "The layer is empty." }],
  });
});
