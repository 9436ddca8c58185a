import { expect, test } from "bun:test";
import { readUpdateinfo } from "../../../src/scan/vulndb/formats/updateinfo.ts";
import { advisoriesIn, all, documents, groupsIn, show, unreadableIn } from "./reading.ts";

const rpm = (name: string, version: string, release: string, more: string) =>
  `<package name="${name}" version="${version}" release="${release}" ${more}><filename>Packages/${name}.rpm</filename></package>`;

function update(
  id: string,
  more: { type?: string; title?: string; cves?: string[]; packages: string[] },
): string {
  const {
    type = "security",
    title = `Amazon Linux 2023 - ${id}: Important priority package update`,
    cves = [],
    packages,
  } = more;
  const references = cves.map(
    (cve) =>
      `<reference href="http://cve.mitre.org/cgi-bin/cvename.cgi?name=${cve}" title="" id="${cve}" type="cve" />`,
  );
  return `<update status="final" version="1.4" author="linux-security@amazon.com" type="${type}" from="linux-security@amazon.com"><id>${id}</id><title>${title}</title><issued date="2024-07-01 20:41" /><updated date="2024-07-02 23:22:00" /><severity>important</severity><description>Fixes &lt;this&gt; &amp; that.</description><references>${references.join("")}</references><pkglist><collection short="amazon-linux"><name>Amazon Linux</name>${packages.join("")}</collection></pkglist></update>`;
}

const list = (...updates: string[]) => `<?xml version="1.0" ?>\n<updates>${updates.join("\n")}</updates>\n`;

const openssh = [
  rpm("openssh", "8.7p1", "12.amzn2023.0.3", 'epoch="0" arch="x86_64"'),
  rpm("openssh", "8.7p1", "12.amzn2023.0.3", 'epoch="0" arch="aarch64"'),
  rpm("openssh-server", "8.7p1", "12.amzn2023.0.3", 'epoch="1" arch="x86_64"'),
  rpm("openssh", "8.7p1", "12.amzn2023.0.3", 'epoch="0" arch="src"'),
];

const read = (xml: unknown) => all(readUpdateinfo(documents({ "updateinfo.xml": xml })));

test("Amazon's errata name the release by what their packages were built for", async () => {
  const records = await read(
    list(
      update("ALAS2023-2024-001", { cves: ["CVE-2024-6387", "CVE-2024-6409"], packages: openssh }),
      update("ALAS2-2022-1857", {
        title: "Amazon Linux 2 - ALAS2-2022-1857: medium priority package update for glibc",
        cves: ["CVE-2021-3999"],
        packages: [rpm("glibc", "2.26", "61.amzn2", 'epoch="0" arch="x86_64"')],
      }),
      update("ALAS-2014-301", {
        title: "Amazon Linux AMI 2014.03 - ALAS-2014-301: important priority package update",
        cves: ["CVE-2014-0076"],
        packages: [rpm("old", "1", "2", 'epoch="0" arch="noarch"')],
      }),
      update("ALAS2023-2024-002", { type: "bugfix", packages: openssh }),
      update("OTHER-1", {
        title: "Else",
        cves: ["CVE-2020-1000"],
        packages: [rpm("x", "1", "2.el9", 'arch="noarch"')],
      }),
    ),
  );
  expect(
    advisoriesIn(records).map(({ id, aliases, affected }) => [id, ...aliases, ...affected.map(show)]),
  ).toEqual([
    [
      "ALAS2023-2024-001",
      "CVE-2024-6387",
      "CVE-2024-6409",
      "Amazon Linux:2023 openssh [0, 8.7p1-12.amzn2023.0.3) affected",
      "Amazon Linux:2023 openssh-server [0, 1:8.7p1-12.amzn2023.0.3) affected",
    ],
    ["ALAS2-2022-1857", "CVE-2021-3999", "Amazon Linux:2 glibc [0, 2.26-61.amzn2) affected"],
    ["ALAS-2014-301", "CVE-2014-0076", "Amazon Linux:1 old [0, 1-2) affected"],
  ]);
  expect(advisoriesIn(records)[0]).toMatchObject({
    severity: "High",
    description: "Fixes <this> & that.",
    publishedAt: Date.UTC(2024, 6, 1, 20, 41),
    modifiedAt: Date.UTC(2024, 6, 2, 23, 22),
  });
  expect(groupsIn(records)).toEqual(["Amazon Linux:2023", "Amazon Linux:2", "Amazon Linux:1"]);
});

test("XML that would expand, nest or go on without end is refused", async () => {
  const laughs = Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join(
    "",
  );
  const hostile = {
    laughs: `<?xml version="1.0"?><!DOCTYPE u [<!ENTITY l0 "lol">${laughs}]><updates><update>&l9;</update></updates>`,
    external: `<!DOCTYPE u SYSTEM "file:///etc/passwd"><updates/>`,
    entity: list("<update>&other;</update>"),
    deep: "<a>".repeat(100_000),
    open: list(update("ALAS2-1", { packages: openssh })).slice(0, 300),
    none: "",
    json: "{}",
    parts: `<updates><update>${"<reference/>".repeat(100_001)}</update></updates>`,
  };
  for (const xml of Object.values(hostile)) {
    const records = await read(xml);
    expect(advisoriesIn(records)).toEqual([]);
    expect(unreadableIn(records)).toHaveLength(1);
  }
});

test("a tag that does not end is not kept for ever", async () => {
  const pieces = (async function* () {
    yield Buffer.from('<updates><update type="');
    for (;;) yield Buffer.alloc(256 * 1024, "x");
  })();
  const endless = (async function* () {
    yield { name: "updateinfo.xml", content: pieces };
  })();
  expect(unreadableIn(await all(readUpdateinfo(endless)))).toEqual([
    "updateinfo.xml: A part of it is too long.",
  ]);
});
