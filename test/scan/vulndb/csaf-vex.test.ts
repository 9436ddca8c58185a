import { expect, test } from "bun:test";
import { readCsafVex } from "../../../src/scan/vulndb/formats/csaf-vex.ts";
import { advisoriesIn, all, documents, groupsIn, show, unreadableIn } from "./reading.ts";

const product = (product_id: string, helper: object) => ({
  category: "product_version",
  name: product_id,
  product: { name: product_id, product_id, product_identification_helper: helper },
});
const part = (of: string, component: string) => ({
  category: "default_component_of",
  full_product_name: { name: `${component} as a component of ${of}`, product_id: `${of}:${component}` },
  product_reference: component,
  relates_to_product_reference: of,
});

const module = "nodejs:18:8080020230306:63b34585";
/** In the structure of Red Hat's own documents, with one package of each kind. */
const vex = {
  document: {
    aggregate_severity: {
      namespace: "https://access.redhat.com/security/updates/classification/",
      text: "Moderate",
    },
    category: "csaf_vex",
    csaf_version: "2.0",
    title: "curl: something",
    tracking: {
      id: "CVE-2023-38545",
      current_release_date: "2025-08-13T15:14:45+00:00",
      initial_release_date: "2023-10-11T00:00:00+00:00",
    },
  },
  product_tree: {
    branches: [
      {
        category: "vendor",
        name: "Red Hat",
        branches: [
          {
            category: "product_family",
            name: "Red Hat Enterprise Linux",
            branches: [
              product("AppStream-9.3.0.Z.MAIN", { cpe: "cpe:/a:redhat:enterprise_linux:9::appstream" }),
              product("AppStream-8.8.0.Z.MAIN", { cpe: "cpe:/a:redhat:enterprise_linux:8::appstream" }),
              product("BaseOS-10.0.Z", { cpe: "cpe:/o:redhat:enterprise_linux:10.0" }),
              product("AppStream-9.0.0.Z.EUS", { cpe: "cpe:/a:redhat:rhel_eus:9.0::appstream" }),
              product("red_hat_enterprise_linux_7", { cpe: "cpe:/o:redhat:enterprise_linux:7" }),
              product("red_hat_enterprise_linux_8", { cpe: "cpe:/o:redhat:enterprise_linux:8" }),
            ],
          },
          product("9Base-RHOSE-4.16", { cpe: "cpe:/a:redhat:openshift:4.16::el9" }),
          product("curl-0:7.76.1-26.el9_3.2.x86_64", {
            purl: "pkg:rpm/redhat/curl@7.76.1-26.el9_3.2?arch=x86_64",
          }),
          product("curl-0:7.76.1-26.el9_3.2.src", { purl: "pkg:rpm/redhat/curl@7.76.1-26.el9_3.2?arch=src" }),
          product("nodejs-1:18.14.2-2.el8.x86_64", {
            purl: "pkg:rpm/redhat/nodejs@18.14.2-2.el8?arch=x86_64&epoch=1",
          }),
          product(module, { purl: `pkg:rpmmod/redhat/nodejs@18:8080020230306:63b34585` }),
          product("npm-1:9.5.0-2.el8.x86_64", {
            purl: `pkg:rpm/redhat/npm@9.5.0-2.el8?arch=x86_64&epoch=1&rpmmod=${module}`,
          }),
          product("bare-0:1.0-1.el10.noarch", {}),
          product("curl", { purl: "pkg:rpm/redhat/curl" }),
          product("libcurl", { purl: "pkg:rpm/redhat/libcurl" }),
          product("wget.src", { purl: "pkg:rpm/redhat/wget?arch=src" }),
          product("go-toolset:rhel8/go-toolset", {
            purl: "pkg:rpm/redhat/go-toolset@rhel8?arch=src&rpmmod=go-toolset:rhel8",
          }),
          product("image", { purl: "pkg:oci/ubi9@sha256%3Aab?arch=amd64" }),
        ],
      },
    ],
    relationships: [
      part("AppStream-9.3.0.Z.MAIN", "curl-0:7.76.1-26.el9_3.2.x86_64"),
      part("AppStream-9.3.0.Z.MAIN", "curl-0:7.76.1-26.el9_3.2.src"),
      part("AppStream-9.3.0.Z.MAIN", "image"),
      part("AppStream-9.0.0.Z.EUS", "curl-0:7.76.1-26.el9_3.2.x86_64"),
      part("9Base-RHOSE-4.16", "curl-0:7.76.1-26.el9_3.2.x86_64"),
      part("AppStream-8.8.0.Z.MAIN", module),
      part(`AppStream-8.8.0.Z.MAIN:${module}`, "nodejs-1:18.14.2-2.el8.x86_64"),
      part("AppStream-8.8.0.Z.MAIN", "npm-1:9.5.0-2.el8.x86_64"),
      part("BaseOS-10.0.Z", "bare-0:1.0-1.el10.noarch"),
      ...["curl", "libcurl", "wget.src"].map((name) => part("red_hat_enterprise_linux_7", name)),
      ...["curl", "libcurl", "go-toolset:rhel8/go-toolset"].map((name) =>
        part("red_hat_enterprise_linux_8", name),
      ),
    ],
  },
  vulnerabilities: [
    {
      cve: "CVE-2023-38545",
      cwe: { id: "CWE-119", name: "Improper Restriction" },
      notes: [{ category: "description", text: "A heap overflow." }],
      product_status: {
        fixed: [
          "AppStream-9.3.0.Z.MAIN:curl-0:7.76.1-26.el9_3.2.x86_64",
          "AppStream-9.3.0.Z.MAIN:curl-0:7.76.1-26.el9_3.2.src",
          "AppStream-9.3.0.Z.MAIN:image",
          "AppStream-9.0.0.Z.EUS:curl-0:7.76.1-26.el9_3.2.x86_64",
          "9Base-RHOSE-4.16:curl-0:7.76.1-26.el9_3.2.x86_64",
          `AppStream-8.8.0.Z.MAIN:${module}:nodejs-1:18.14.2-2.el8.x86_64`,
          "AppStream-8.8.0.Z.MAIN:npm-1:9.5.0-2.el8.x86_64",
          "BaseOS-10.0.Z:bare-0:1.0-1.el10.noarch",
          "nobody:knows",
        ],
        known_affected: [
          "red_hat_enterprise_linux_7:curl",
          "red_hat_enterprise_linux_7:wget.src",
          "red_hat_enterprise_linux_8:go-toolset:rhel8/go-toolset",
        ],
        known_not_affected: ["red_hat_enterprise_linux_7:curl", "red_hat_enterprise_linux_8:curl"],
        under_investigation: ["red_hat_enterprise_linux_7:libcurl"],
      },
      references: [{ category: "self", url: "https://access.redhat.com/security/cve/CVE-2023-38545" }],
      release_date: "2023-10-11T06:00:00+00:00",
      remediations: [
        {
          category: "no_fix_planned",
          details: "Out of support scope",
          product_ids: ["red_hat_enterprise_linux_7:curl"],
        },
        {
          category: "none_available",
          details: "Fix deferred",
          product_ids: ["red_hat_enterprise_linux_7:wget.src"],
        },
        {
          category: "none_available",
          details: "Affected",
          product_ids: ["red_hat_enterprise_linux_8:go-toolset:rhel8/go-toolset"],
        },
        { category: "workaround", details: "Do not", product_ids: ["red_hat_enterprise_linux_7:curl"] },
      ],
      scores: [
        {
          cvss_v3: { vectorString: "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:N/A:H", version: "3.1" },
          products: [],
        },
      ],
      threats: [
        { category: "impact", details: "Important", product_ids: ["red_hat_enterprise_linux_7:curl"] },
      ],
      title: "curl: heap based buffer overflow",
    },
  ],
};

test("Red Hat's VEX tells of Red Hat Enterprise Linux: fixed, not to be fixed, not affected", async () => {
  const records = await all(readCsafVex(documents({ "2023/cve-2023-38545.json": vex, "changes.csv": "x" })));
  expect(unreadableIn(records)).toEqual([]);
  const [advisory, ...others] = advisoriesIn(records);
  expect(others).toEqual([]);
  expect(advisory?.affected.map(show)).toEqual([
    "Red Hat:9 curl [0, 7.76.1-26.el9_3.2) affected",
    "Red Hat:9 curl.src [0, 7.76.1-26.el9_3.2) affected",
    "Red Hat:8 nodejs@nodejs:18 [0, 1:18.14.2-2.el8) affected",
    "Red Hat:8 npm@nodejs:18 [0, 1:9.5.0-2.el8) affected",
    "Red Hat:10 bare [0, 1.0-1.el10) affected",
    "Red Hat:7 curl [0, ∞) will_not_fix",
    "Red Hat:7 wget.src [0, ∞) fix_deferred",
    "Red Hat:8 go-toolset.src@go-toolset:rhel8 [0, ∞) affected",
    "Red Hat:7 libcurl [0, ∞) under_investigation",
    "Red Hat:8 curl [0, ∞) not_affected",
  ]);
  expect(advisory?.affected.map(({ severity }) => severity).slice(4, 7)).toEqual([null, "High", null]);
  expect(advisory).toMatchObject({
    id: "CVE-2023-38545",
    summary: "curl: heap based buffer overflow",
    description: "A heap overflow.",
    severity: "Medium",
    cvss: [{ version: "3.1", source: "redhat" }],
    cwes: ["CWE-119"],
    modifiedAt: Date.UTC(2025, 7, 13, 15, 14, 45),
  });
  expect(groupsIn(records)).toEqual(["Red Hat:9", "Red Hat:8", "Red Hat:10", "Red Hat:7"]);
});

test("what is not said to be of an architecture is a package, or where nobody says so, what it was built from", async () => {
  const release = product("rhel-9.7.z", { cpe: "cpe:/a:redhat:enterprise_linux:9::appstream" });
  const of = (id: string, purl?: string) => product(id, purl === undefined ? {} : { purl });
  const parts = [
    of("glibc-0:2.34-231.el9_7.10", "pkg:rpm/redhat/glibc@2.34-231.el9_7.10?arch=src"),
    of("perl-4:5.32.1-481.el9", "pkg:rpm/redhat/perl@5.32.1-481.el9?arch=src&epoch=4"),
    of("libxml2", "pkg:rpm/redhat/libxml2?arch=src"),
    of("libxml2-devel", "pkg:rpm/redhat/libxml2-devel"),
    of("vim"),
  ];
  const ids = parts.map(({ name }) => `rhel-9.7.z:${name}`);
  const document = {
    document: { ...vex.document, aggregate_severity: undefined },
    product_tree: {
      branches: [{ category: "vendor", name: "Red Hat", branches: [release, ...parts] }],
      relationships: parts.map(({ name }) => part("rhel-9.7.z", name)),
    },
    vulnerabilities: [
      { cve: "CVE-2026-0861", product_status: { fixed: ids.slice(0, 2), known_affected: ids.slice(2) } },
    ],
  };
  const records = await all(readCsafVex(documents({ "cve-2026-0861.json": document })));
  expect(advisoriesIn(records)[0]?.affected.map(show)).toEqual([
    "Red Hat:9 glibc.src [0, 2.34-231.el9_7.10) affected",
    "Red Hat:9 perl.src [0, 4:5.32.1-481.el9) affected",
    "Red Hat:9 libxml2.src [0, ∞) affected",
    "Red Hat:9 libxml2-devel [0, ∞) affected",
    "Red Hat:9 vim [0, ∞) affected",
    "Red Hat:9 vim.src [0, ∞) affected",
  ]);
});

test("documents that are something else are told of", async () => {
  const circle = [part("a", "b"), { ...part("a:b", "a"), full_product_name: { product_id: "a" } }];
  const status = { product_status: { fixed: ["a", "a:b", 7, null] }, cve: "CVE-2020-1000" };
  const records = await all(
    readCsafVex(
      documents({
        "advisory.json": { ...vex, document: { ...vex.document, category: "csaf_security_advisory" } },
        "list.json": [],
        "circle.json": {
          ...vex,
          product_tree: { branches: 3, relationships: circle },
          vulnerabilities: [status, null],
        },
      }),
    ),
  );
  expect(advisoriesIn(records)).toEqual([]);
  expect(unreadableIn(records)).toEqual([
    "advisory.json: It is no CSAF VEX document.",
    "list.json: It is no CSAF VEX document.",
  ]);
});
