"""What Debian's advisories say of an installation of Debian 11, worked out with dpkg's own tools alone.

Usage: debian-findings.py ALL_ZIP DPKG_ADMINDIR. Prints "<source package> <CVE>" for each, sorted; an advisory that
names no CVE stands for itself. Where Debian has a record of a CVE by its name, advisories about several do not count.
"""

import collections
import functools
import json
import subprocess
import sys
import zipfile

archive, admindir = sys.argv[1:]
form = "${source:Package} ${source:Version}\n"
listed = subprocess.run(
    ["dpkg-query", "--admindir=" + admindir, "-W", "-f", form], check=True, capture_output=True, text=True
)
installed = collections.defaultdict(set)
for line in listed.stdout.splitlines():
    source, version = line.split()
    installed[source].add(version)


@functools.cache
def is_older(version, fixed):
    return subprocess.run(["dpkg", "--compare-versions", version, "lt", fixed]).returncode == 0


def is_affected(version, affected):
    if version in affected.get("versions", []):
        return True
    for one in affected.get("ranges", []):
        events = {kind: bound for event in one["events"] for kind, bound in event.items()}
        assert events["introduced"] == "0"
        if "fixed" not in events or is_older(version, events["fixed"]):
            return True
    return False


alone = collections.defaultdict(list)
together = collections.defaultdict(list)
recorded = set()
with zipfile.ZipFile(archive) as records:
    for name in records.namelist():
        record = json.loads(records.read(name))
        names = [record["id"], *record.get("aliases", []), *record.get("upstream", [])]
        cves = sorted({name for name in names if name.startswith("CVE-")}) or [record["id"]]
        for affected in record.get("affected", []):
            package = affected["package"]
            if "withdrawn" not in record and package["ecosystem"] == "Debian:11":
                for cve in cves:
                    (alone if len(cves) == 1 else together)[package["name"], cve].append(affected)
                    if record["id"].endswith(cve):
                        recorded.add((package["name"], cve))

for source, cve in sorted({*alone, *together}):
    deciding = alone[source, cve] + ([] if (source, cve) in recorded else together[source, cve])
    if any(is_affected(version, affected) for version in installed.get(source, ()) for affected in deciding):
        print(source, cve)
