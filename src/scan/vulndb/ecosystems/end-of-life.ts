/**
 * Until when, that day included, a release's vendor mends it for everybody: with Debian's LTS, without what is sold or
 * given to subscribers (Ubuntu Pro, ELS, LTSS). As of August 2026, from the vendors' own pages: wiki.debian.org/LTS,
 * ubuntu.com/about/release-cycle, alpinelinux.org/releases, access.redhat.com/support/policy/updates/errata,
 * wiki.almalinux.org/release-notes, wiki.rockylinux.org/rocky/version, aws.amazon.com/amazon-linux-2/faqs,
 * docs.aws.amazon.com/linux/al2023, suse.com/lifecycle, en.opensuse.org/Lifetime, learn.microsoft.com/azure/azure-linux,
 * mageia.org/support, openeuler.org/en/other/lifecycle. A release that is not here, and not older than those that are,
 * has no known end.
 */
const ends: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "Debian:": {
    "7": "2018-05-31",
    "8": "2020-06-30",
    "9": "2022-06-30",
    "10": "2024-06-30",
    "11": "2026-08-31",
    "12": "2028-06-30",
    "13": "2030-06-30",
  },
  "Ubuntu:": {
    "12.04": "2017-04-28",
    "12.10": "2014-05-16",
    "13.04": "2014-01-27",
    "13.10": "2014-07-17",
    "14.04": "2019-04-25",
    "14.10": "2015-07-23",
    "15.04": "2016-02-04",
    "15.10": "2016-07-28",
    "16.04": "2021-04-30",
    "16.10": "2017-07-20",
    "17.04": "2018-01-13",
    "17.10": "2018-07-19",
    "18.04": "2023-05-31",
    "18.10": "2019-07-18",
    "19.04": "2020-01-23",
    "19.10": "2020-07-06",
    "20.04": "2025-05-31",
    "20.10": "2021-07-22",
    "21.04": "2022-01-20",
    "21.10": "2022-07-14",
    "22.04": "2027-04-30",
    "22.10": "2023-07-20",
    "23.04": "2024-01-25",
    "23.10": "2024-07-11",
    "24.04": "2029-05-31",
    "24.10": "2025-07-10",
    "25.04": "2026-01-15",
    "25.10": "2026-07-31",
    "26.04": "2031-04-30",
  },
  "Alpine:v": {
    "3.3": "2017-11-01",
    "3.4": "2018-05-01",
    "3.5": "2018-11-01",
    "3.6": "2019-05-01",
    "3.7": "2019-11-01",
    "3.8": "2020-05-01",
    "3.9": "2020-11-01",
    "3.10": "2021-05-01",
    "3.11": "2021-11-01",
    "3.12": "2022-05-01",
    "3.13": "2022-11-01",
    "3.14": "2023-05-01",
    "3.15": "2023-11-01",
    "3.16": "2024-05-23",
    "3.17": "2024-11-22",
    "3.18": "2025-05-09",
    "3.19": "2025-11-01",
    "3.20": "2026-04-01",
    "3.21": "2026-11-01",
    "3.22": "2027-05-01",
    "3.23": "2027-11-01",
  },
  "Red Hat:": {
    "5": "2017-03-31",
    "6": "2020-11-30",
    "7": "2024-06-30",
    "8": "2029-05-31",
    "9": "2032-05-31",
    "10": "2035-05-31",
  },
  "AlmaLinux:": { "8": "2029-05-31", "9": "2032-05-31", "10": "2035-05-31" },
  "Rocky Linux:": { "8": "2029-05-31", "9": "2032-05-31", "10": "2035-05-31" },
  "Amazon Linux:": { "1": "2023-12-31", "2": "2026-06-30", "2023": "2029-06-30" },
  "openSUSE:Leap ": {
    "15.0": "2019-12-03",
    "15.1": "2021-02-02",
    "15.2": "2022-01-04",
    "15.3": "2022-12-31",
    "15.4": "2023-12-07",
    "15.5": "2024-12-31",
    "15.6": "2026-04-30",
    "16.0": "2027-10-31",
    "42.1": "2017-05-17",
    "42.2": "2018-01-26",
    "42.3": "2019-07-01",
  },
  "SUSE:Linux Enterprise Server ": {
    "11 SP4": "2019-03-31",
    "12": "2016-06-30",
    "12 SP1": "2017-05-31",
    "12 SP2": "2018-03-31",
    "12 SP3": "2019-06-30",
    "12 SP4": "2020-06-30",
    "12 SP5": "2024-10-31",
    "15": "2019-12-31",
    "15 SP1": "2021-01-31",
    "15 SP2": "2021-12-31",
    "15 SP3": "2022-12-31",
    "15 SP4": "2023-12-31",
    "15 SP5": "2024-12-31",
    "15 SP6": "2025-12-31",
    "15 SP7": "2031-07-31",
  },
  "Azure Linux:": { "1": "2023-08-31", "2": "2025-07-31", "3": "2027-08-31" },
  "Mageia:": { "7": "2021-06-30", "8": "2023-11-30" },
  "openEuler:": {
    "20.03-LTS": "2021-03-31",
    "20.03-LTS-SP1": "2022-12-31",
    "20.03-LTS-SP2": "2022-04-30",
    "20.03-LTS-SP3": "2023-12-31",
    "20.03-LTS-SP4": "2025-11-30",
    "22.03-LTS": "2024-03-31",
    "22.03-LTS-SP1": "2024-12-31",
    "22.03-LTS-SP2": "2024-03-31",
    "22.03-LTS-SP3": "2025-12-31",
    "22.03-LTS-SP4": "2026-06-30",
    "24.03-LTS": "2026-05-31",
    "24.03-LTS-SP1": "2026-12-31",
    "24.03-LTS-SP2": "2026-03-31",
    "24.03-LTS-SP3": "2027-12-31",
    "24.03-LTS-SP4": "2027-03-31",
  },
};

const day = 86_400_000;

/**
 * When an ecosystem's release stops being mended, milliseconds since 1970; null where no end is known. One that is
 * older than all that are listed ended with the oldest of them at the latest.
 */
export function endOfLife(ecosystem: string): number | null {
  const family = Object.keys(ends).find((prefix) => ecosystem.startsWith(prefix));
  const releases = family === undefined ? undefined : ends[family];
  if (family === undefined || releases === undefined) return null;
  const release = ecosystem.slice(family.length);
  const end = releases[release] ?? endOfOldest(releases, release);
  return end === null ? null : Date.parse(end) + day;
}

function endOfOldest(releases: Readonly<Record<string, string>>, release: string): string | null {
  const [oldest] = Object.keys(releases).toSorted(compareReleases);
  if (oldest === undefined || compareReleases(release, oldest) >= 0) return null;
  return releases[oldest] ?? null;
}

/** By their numbers, as far as they have any: `12` is before `12 SP1`, and that before `15`. */
function compareReleases(a: string, b: string): number {
  const [some, others] = [a, b].map((release) => (release.match(/\d+/g) ?? []).map(Number)) as [
    number[],
    number[],
  ];
  for (const [index, number] of some.entries()) {
    const difference = number - (others[index] ?? -1);
    if (difference !== 0) return difference;
  }
  return some.length - others.length;
}
