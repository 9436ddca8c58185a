import type { FeedSettings } from "./feed-settings.ts";

/** OSV's own folders of ecosystems, by what the feeds are called here. */
const osv = {
  debian: "Debian",
  ubuntu: "Ubuntu",
  "red-hat": "Red%20Hat",
  alma: "AlmaLinux",
  rocky: "Rocky%20Linux",
  suse: "SUSE",
  opensuse: "openSUSE",
  go: "Go",
  npm: "npm",
  python: "PyPI",
  java: "Maven",
  rust: "crates.io",
  ruby: "RubyGems",
  php: "Packagist",
  dotnet: "NuGet",
} as const;

const alpineReleases = [
  ...["v3.15", "v3.16", "v3.17", "v3.18", "v3.19", "v3.20", "v3.21", "v3.22", "v3.23"],
  "edge",
];

/** Alpine's own lists: OSV's leave out the community's packages. */
const alpine = alpineReleases.flatMap((release) =>
  ["main", "community"].map((part) => `https://secdb.alpinelinux.org/${release}/${part}.json`),
);

/** What is fetched when `breakwater.scan.default_feeds` is on, and never without it. */
export const defaultFeeds: Readonly<Record<string, FeedSettings>> = {
  ...Object.fromEntries(
    Object.entries(osv).map(([name, folder]): [string, FeedSettings] => [
      name,
      { format: "osv", source: [`https://osv-vulnerabilities.storage.googleapis.com/${folder}/all.zip`] },
    ]),
  ),
  alpine: { format: "secdb", source: alpine },
  wolfi: { format: "secdb", source: ["https://packages.wolfi.dev/os/security.json"] },
  chainguard: { format: "secdb", source: ["https://packages.cgr.dev/chainguard/security.json"] },
  kev: {
    format: "kev",
    source: ["https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"],
  },
  epss: { format: "epss", source: ["https://epss.empiricalsecurity.com/epss_scores-current.csv.gz"] },
};
