import type { Clock } from "../../kernel/index.ts";
import type { ImageFinding, Place } from "../match/finding.ts";
import type { CveAllowlist, CveList } from "./cve-allowlist.ts";
import { type ExceptionScope, isAbout } from "./exception.ts";
import type { Exceptions } from "./exceptions.ts";
import { type ImageNames, nameOf, namesOf, placesOf } from "./image.ts";
import type { AttachedVexDocuments } from "./vex/attached.ts";
import type { ImportedVexDocuments } from "./vex/imported.ts";
import { denies, speaksOf, type VexStatement } from "./vex/statement.ts";
import type { VexTrust } from "./vex/trusted.ts";

/** Which exceptions a project goes by. */
export interface LiftingRules {
  /** Harbor's `reuse_sys_cve_allowlist`: the system's exceptions count, and its list of CVEs instead of `cveList`. */
  readonly reuseSystem: boolean;
  /** The project's own list. */
  readonly cveList: CveList;
  /** Null where what is attached to images is nobody's word. */
  readonly vex: VexTrust | null;
}

export interface Lifted {
  readonly findings: ReadonlySet<ImageFinding>;
  /** When that may change by time alone, milliseconds since 1970; null for never. */
  readonly until: number | null;
  /** True where so many trusted documents are attached that none was read, and no VEX document counts. */
  readonly unread: boolean;
}

interface Timed extends ExceptionScope {
  readonly expiresAt: number | null;
}

/** Says which findings are overlooked, by people's exceptions and by VEX documents. */
export class Lifting {
  readonly #exceptions: Exceptions;
  readonly #cveAllowlist: CveAllowlist;
  readonly #imported: ImportedVexDocuments;
  readonly #attached: AttachedVexDocuments;
  readonly #hosts: readonly string[];
  readonly #clock: Clock;

  /** `hosts` are what images' names begin with here. */
  constructor(
    exceptions: Exceptions,
    cveAllowlist: CveAllowlist,
    imported: ImportedVexDocuments,
    attached: AttachedVexDocuments,
    hosts: readonly string[],
    clock: Clock,
  ) {
    this.#exceptions = exceptions;
    this.#cveAllowlist = cveAllowlist;
    this.#imported = imported;
    this.#attached = attached;
    this.#hosts = hosts;
    this.#clock = clock;
  }

  /** Of one image's findings those that the project overlooks now, in each place where the package is. */
  async of(image: ImageNames, findings: readonly ImageFinding[], rules: LiftingRules): Promise<Lifted> {
    const names = [...new Set(findings.flatMap(namesOf))];
    const now = this.#clock();
    const all = await this.#exceptionsIn(image.projectId, rules);
    const valid = all.filter(({ expiresAt }) => expiresAt === null || expiresAt > now);
    const said = await this.#statementsAbout(image, names, rules);
    const [exceptionsOf, statementsOf] = [byName(valid, ofException), byName(said ?? [], ofStatement)];
    const distinct = distinctPlaces();
    const lifted = findings.filter((finding) => {
      const exceptions = lookUp(exceptionsOf, finding);
      const statements = lookUp(statementsOf, finding);
      return distinct(placesOf(finding)).every(
        (place) =>
          exceptions.some((exception) => isAbout(exception, image, finding, place)) ||
          this.#isDenied(image, finding, place, statements),
      );
    });
    const ends = valid.flatMap(({ expiresAt }) => expiresAt ?? []);
    const until = ends.length === 0 ? null : Math.min(...ends);
    return { findings: new Set(lifted), until, unread: said === null };
  }

  async #exceptionsIn(projectId: number, { reuseSystem, cveList }: LiftingRules): Promise<readonly Timed[]> {
    const { cveIds, expiresAt } = reuseSystem ? await this.#cveAllowlist.get() : cveList;
    const anywhere = { package: null, repository: null, digest: null };
    const until = expiresAt === null ? null : expiresAt * 1000;
    const listed = cveIds.map((vulnerability) => ({ vulnerability, ...anywhere, expiresAt: until }));
    return [...listed, ...(await this.#exceptions.countingIn(projectId, reuseSystem))];
  }

  /** Null where nobody knows what was said last: then no document lifts anything. */
  async #statementsAbout(
    image: ImageNames,
    names: readonly string[],
    { reuseSystem, vex }: LiftingRules,
  ): Promise<readonly VexStatement[] | null> {
    const attached = vex === null ? [] : await this.#attached.of(image, vex);
    if (attached === null) return null;
    return [...attached, ...(await this.#imported.about(image.projectId, reuseSystem, names))];
  }

  /** Whether what was said last says that it does not matter; of two said at once the worse counts. */
  #isDenied(
    image: ImageNames,
    finding: ImageFinding,
    place: Place,
    statements: readonly VexStatement[],
  ): boolean {
    const about = statements.filter((statement) => speaksOf(statement, this.#hosts, image, finding, place));
    const last = Math.max(...about.map(({ at }) => at));
    const lastSaid = about.filter(({ at }) => at === last);
    return lastSaid.length > 0 && lastSaid.every(denies);
  }
}

/**
 * Of places those that exceptions tell apart, by package and purl. An image may hold a package in a hundred thousand
 * folders, of which all of its findings have one list.
 */
function distinctPlaces(): (places: readonly Place[]) => readonly Place[] {
  const known = new Map<readonly Place[], readonly Place[]>();
  return (places) => {
    const found = known.get(places) ?? [
      ...new Map(places.map((place) => [`${place.package}\n${place.purl}`, place])).values(),
    ];
    known.set(places, found);
    return found;
  };
}

const ofException = ({ vulnerability }: ExceptionScope) => [nameOf(vulnerability)];
const ofStatement = ({ vulnerabilities }: VexStatement) => vulnerabilities;

function byName<T>(
  all: readonly T[],
  namesOf: (one: T) => readonly string[],
): ReadonlyMap<string, readonly T[]> {
  const found = new Map<string, T[]>();
  for (const one of all) {
    for (const name of namesOf(one)) {
      const same = found.get(name);
      if (same === undefined) found.set(name, [one]);
      else same.push(one);
    }
  }
  return found;
}

function lookUp<T>(of: ReadonlyMap<string, readonly T[]>, finding: ImageFinding): readonly T[] {
  return [...new Set(namesOf(finding).flatMap((name) => of.get(name) ?? []))];
}
