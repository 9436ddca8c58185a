import { type Analyzer, type Find, type LayerFile, type Owner, UnreadableFile } from "../analyzer.ts";
import { type Distribution, osTypes } from "../package.ts";
import { baseName, normalPath } from "../paths.ts";
import { type FileFinds, packPaths } from "./inventory.ts";
import { UnreadableLayer } from "./unreadable-layer.ts";

/** Of a name, a version, a license. What is longer is no such thing. */
const maxCharacters = 1024;
const maxLicenses = 100;
/** Of one file. Where there are more, the next are of no help. */
const maxFailures = 20;

const none: readonly Analyzer[] = [];

/** Runs analyzers over the files of one layer, and keeps what they find within bounds. */
export class Analysis {
  readonly #analyzers: readonly Analyzer[];
  /** Each once: several analyzers want the same files. */
  readonly #wantedByLanguages: readonly Analyzer["wants"][];
  readonly #maxPackages: number;
  #packages = 0;

  constructor(analyzers: readonly Analyzer[], maxPackages: number) {
    this.#analyzers = analyzers;
    const languages = analyzers.filter(({ type }) => !osTypes.includes(type));
    this.#wantedByLanguages = [...new Set(languages.map(({ wants }) => wants))];
    this.#maxPackages = maxPackages;
  }

  /** The analyzers that want a file, by its path. */
  wanting(path: string): readonly Analyzer[] {
    const name = baseName(path);
    let wanting: Analyzer[] | undefined;
    // Asked of each file of a layer, of which most are wanted by nobody.
    for (const analyzer of this.#analyzers) {
      if (!analyzer.wants(path, name)) continue;
      wanting ??= [];
      wanting.push(analyzer);
    }
    return wanting ?? none;
  }

  /** What the analyzer finds; null for a file that has nothing to tell. Throws UnreadableLayer past the limit. */
  run(analyzer: Analyzer, file: LayerFile): FileFinds | null {
    const found = new Found();
    try {
      for (const find of analyzer.analyze(file)) this.#take(find, found);
    } catch (error) {
      if (error instanceof UnreadableLayer) throw error;
      found.fail(sentenceOf(error));
    }
    return found.isEmpty ? null : found.of(analyzer, file.path);
  }

  #take(find: Find, found: Found): void {
    if ("failure" in find) found.fail(find.failure);
    else if ("distribution" in find) found.distribution = find.distribution;
    else if ("owns" in find) {
      const path = normalPath(find.owns);
      const name = baseName(path);
      if (this.#wantedByLanguages.some((wants) => wants(path, name))) found.own(path, find.owner ?? null);
    } else {
      const { name, version, architecture, source, module, vendor, licenses, path } = find.package;
      const texts = [
        name,
        version,
        architecture,
        source?.name,
        source?.version,
        module,
        vendor,
        path,
        ...licenses,
      ];
      const isLong = (text: string | null | undefined) => text != null && text.length > maxCharacters;
      if (licenses.length > maxLicenses || texts.some(isLong))
        found.fail(`It says more of a package than there is to say of one.`);
      else if (++this.#packages > this.#maxPackages)
        throw new UnreadableLayer(`The layer names more than ${this.#maxPackages} packages.`);
      else found.packages.push(find.package);
    }
  }
}

/** What is found in one file. */
class Found {
  readonly packages: FileFinds["packages"][number][] = [];
  readonly failures: string[] = [];
  distribution: Partial<Distribution> | null = null;
  /** The files that are owned, by their package. */
  readonly #owned = new Map<Owner | null, string[]>();

  own(path: string, owner: Owner | null): void {
    const paths = this.#owned.get(owner);
    if (paths === undefined) this.#owned.set(owner, [path]);
    else paths.push(path);
  }

  fail(sentence: string): void {
    if (this.failures.length < maxFailures) this.failures.push(sentence.slice(0, maxCharacters));
  }

  get isEmpty(): boolean {
    return this.packages.length + this.#owned.size + this.failures.length === 0 && this.distribution === null;
  }

  of({ type, database }: Analyzer, path: string): FileFinds {
    const { packages, distribution, failures } = this;
    const owns = [...this.#owned].map(([owner, paths]) => ({
      owner: owner && short(owner),
      paths: packPaths(paths),
    }));
    return { path, type, database: database ?? false, packages, owns, distribution, failures };
  }
}

/** One that says more of itself is among the failures, and not among the packages. */
function short({ name, version, architecture, vendor }: Owner): Owner {
  const cut = (text: string) => text.slice(0, maxCharacters);
  return {
    ...{ name: cut(name), version: cut(version) },
    architecture: architecture && cut(architecture),
    vendor: vendor && cut(vendor),
  };
}

/** What an analyzer says itself is a sentence; what happened to it unawares is put into one. */
function sentenceOf(error: unknown): string {
  if (error instanceof UnreadableFile) return error.message;
  return `It is malformed: ${error instanceof Error ? error.message : String(error)}.`;
}
