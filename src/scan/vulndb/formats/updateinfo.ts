import { SaxesParser } from "saxes";
import type { Advisory, Affected } from "../advisory.ts";
import { isCve } from "./cve.ts";
import { type FeedDocument, piecesOf } from "./documents.ts";
import { before } from "./ranges.ts";
import { type FeedRecord, unreadable } from "./record.ts";
import { vendorSeverity } from "./severity.ts";
import { asLinks, asName, asText, asTime } from "./shape.ts";

/** What is gathered of an `update` while it is read. */
interface Update {
  readonly type: string;
  readonly texts: Record<string, string>;
  updatedAt: number | null;
  issuedAt: number | null;
  readonly cves: Set<string>;
  readonly links: string[];
  readonly packages: Map<
    string,
    { readonly name: string; readonly version: string; readonly release: string }
  >;
}

/** Parts of an update whose text is kept. */
const texts: ReadonlySet<string> = new Set(["id", "title", "severity", "description"]);
const mostParts = 100_000;
const longestText = 64 * 1024;
const deepest = 32;
const longestMarkup = 1024 * 1024;

/** Amazon's updateinfo.xml: errata, with the packages of all architectures that mend what they are about. */
export async function* readUpdateinfo(documents: AsyncIterable<FeedDocument>): AsyncGenerator<FeedRecord> {
  const releases = new Set<string>();
  for await (const document of documents) {
    const reader = new UpdateReader();
    try {
      const decoder = new TextDecoder();
      for await (const piece of piecesOf(document)) {
        for (const update of reader.push(decoder.decode(piece, { stream: true }))) {
          const advisory = advisoryOf(update);
          for (const { ecosystem } of advisory?.affected ?? []) {
            if (!releases.has(ecosystem)) yield { kind: "group", ecosystem };
            releases.add(ecosystem);
          }
          if (advisory !== null) yield { kind: "advisory", advisory };
        }
      }
      reader.end();
    } catch (error) {
      yield unreadable(document.name, error);
    }
  }
}

/** Gathers updates from XML as it comes. An entity that is not XML's own is an error to the parser. */
class UpdateReader {
  readonly #parser = new SaxesParser();
  readonly #open: string[] = [];
  #update: Update | null = null;
  #complete: Update[] = [];
  #parts = 0;
  #sinceMarkup = 0;

  constructor() {
    this.#parser.on("error", (error) => {
      throw new Error(`It is not valid XML: ${error.message.replace(/^[^ ]*:\s/, "")}.`);
    });
    this.#parser.on("doctype", () => {
      throw new Error("It has a document type, which such lists do not have.");
    });
    this.#parser.on("opentag", ({ name, attributes }) => this.#begin(name, attributes));
    this.#parser.on("closetag", () => this.#finish());
    this.#parser.on("text", (text) => this.#text(text));
  }

  push(text: string): readonly Update[] {
    // Within one tag or comment the parser keeps all it has seen.
    this.#sinceMarkup += text.length;
    this.#parser.write(text);
    if (this.#sinceMarkup > longestMarkup + text.length) throw new Error("A part of it is too long.");
    const complete = this.#complete;
    this.#complete = [];
    return complete;
  }

  end(): void {
    this.#parser.close();
  }

  #begin(name: string, attributes: Record<string, string>): void {
    this.#sinceMarkup = 0;
    if (this.#open.push(name) > deepest) throw new Error("It is nested too deeply.");
    if (name === "update") this.#update = newUpdate(asName(attributes.type));
    const update = this.#update;
    if (update === null) return;
    if (++this.#parts > mostParts) throw new Error(`An update of it has more than ${mostParts} parts.`);
    if (name === "issued") update.issuedAt = timeOf(attributes.date);
    if (name === "updated") update.updatedAt = timeOf(attributes.date);
    if (name === "reference") {
      const id = asName(attributes.id);
      if (isCve(id)) update.cves.add(id);
      update.links.push(asText(attributes.href));
    }
    if (name === "package") addPackage(update, attributes);
  }

  #text(text: string): void {
    this.#sinceMarkup = 0;
    const name = this.#open.at(-1) ?? "";
    if (this.#update === null || !texts.has(name) || this.#open.at(-2) !== "update") return;
    const before = this.#update.texts[name] ?? "";
    if (before.length < longestText) this.#update.texts[name] = before + text;
  }

  #finish(): void {
    this.#sinceMarkup = 0;
    if (this.#open.pop() !== "update" || this.#update === null) return;
    this.#complete.push(this.#update);
    this.#update = null;
    this.#parts = 0;
  }
}

function newUpdate(type: string): Update {
  return {
    type,
    texts: {},
    issuedAt: null,
    updatedAt: null,
    cves: new Set(),
    links: [],
    packages: new Map(),
  };
}

/** `2023-02-17 00:52`, which is meant in UTC. */
function timeOf(date: string | undefined): number | null {
  return asTime(
    /^\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?$/.test(date ?? "") ? `${date?.replace(" ", "T")}Z` : date,
  );
}

function addPackage(update: Update, attributes: Record<string, string>): void {
  const [name, version, release] = [attributes.name, attributes.version, attributes.release].map(asName);
  if (!name || !version || !release || attributes.arch === "src") return;
  const epoch = asName(attributes.epoch);
  const whole = `${epoch === "" || epoch === "0" ? "" : `${epoch}:`}${version}-${release}`;
  update.packages.set(`${name} ${whole}`, { name, version: whole, release });
}

/** Null for a bug fix, and for one of another distribution. */
function advisoryOf(update: Update): Advisory | null {
  const { id = "", title = "", severity = "", description = "" } = update.texts;
  if (asName(id) === "" || (update.type !== "security" && update.cves.size === 0)) return null;
  const affected = [...update.packages.values()].flatMap((one): readonly Affected[] => {
    const release = releaseOf(one.release, title);
    if (release === null) return [];
    return [
      {
        ...{ ecosystem: `Amazon Linux:${release}`, name: one.name, module: null, scheme: "rpm" },
        ...{ ranges: [before(one.version)], versions: [], status: "affected", severity: null },
      },
    ];
  });
  if (affected.length === 0) return null;
  return {
    ...{
      id: asName(id),
      aliases: [...update.cves],
      summary: asText(title).trim(),
      description: description.trim(),
    },
    ...{ severity: vendorSeverity(severity), cvss: [], cwes: [], links: asLinks(update.links) },
    ...{ publishedAt: update.issuedAt, modifiedAt: update.updatedAt ?? update.issuedAt, affected },
  };
}

/** A package's own release says what it was built for (`1.amzn2023.0.3`); else the headline does. */
function releaseOf(release: string, title: string): string | null {
  const built = /\.amzn(\d+)(?:\.|$)/.exec(release)?.[1];
  if (built !== undefined) return built;
  const named = /^Amazon Linux (AMI|\d+)\b/.exec(title.trim())?.[1];
  return named === undefined ? null : named === "AMI" ? "1" : named;
}
