import { type Analyzer, UnreadableFile } from "../analyzer.ts";
import { findsOf } from "./package.ts";

const said = (text: string | undefined) =>
  text === undefined || text === "(none)" || text === "" ? null : text;

/**
 * `container-manifest-2`, which images without rpm hold in place of its database: a line for each package, with tabs
 * between name, version-release, times of installation and build, vendor, epoch, size, architecture, epoch as a
 * number, and source rpm.
 */
export const rpmManifest: Analyzer = {
  type: "rpm",
  database: true,
  wants: (path) => path === "var/lib/rpmmanifest/container-manifest-2",
  *analyze(file) {
    for (const line of file.text().split("\n")) {
      if (line.trim() === "") continue;
      const [name, versionRelease, , , vendor, epoch, , architecture, , sourceRpm] = line.split("\t");
      if (!name || !versionRelease || sourceRpm === undefined)
        throw new UnreadableFile("The list of rpm packages has a line that tells of none.");
      yield* findsOf({
        name,
        epoch: Number(said(epoch) ?? 0),
        versionRelease,
        sourceRpm: said(sourceRpm.trim()),
        architecture: said(architecture),
        module: null,
        vendor: said(vendor),
        licenses: [],
      });
    }
  },
};
