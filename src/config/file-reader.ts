import { isAlias, isMap, isScalar, isSeq, type LineCounter, type ParsedNode, Scalar } from "yaml";
import {
  foreignDrivers,
  foreignKeys,
  isKey,
  type KeyPath,
  keyPaths,
  listKeys,
  sections,
  silentKeys,
  treeKeys,
} from "./keys.ts";
import { nearest } from "./nearest.ts";
import { quote } from "./quote.ts";
import type { Problem, Setting, Settings } from "./settings.ts";

export interface FileContent {
  readonly settings: Settings;
  /** The sections that are there, be they empty: `https: {}` asks for TLS. */
  readonly sections: ReadonlySet<string>;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

type Node = ParsedNode | null | undefined;

/** Goes through a file's keys, as deep as keys are known, and sorts them into what they mean. */
export class FileReader {
  readonly #name: string;
  readonly #lines: LineCounter;
  readonly #resolve: (node: Node) => unknown;
  readonly #settings = new Map<KeyPath, Setting>();
  readonly #sections = new Set<string>();
  readonly #problems: Problem[] = [];
  readonly #foreign: string[] = [];
  readonly #unknown: string[] = [];

  /** `resolve` puts an anchor's node in an alias's place, where there is one. */
  constructor(name: string, lines: LineCounter, resolve: (node: Node) => unknown) {
    this.#name = name;
    this.#lines = lines;
    this.#resolve = resolve;
  }

  readSection(path: string, written: Node): void {
    const node = this.#resolve(written);
    if (isNothing(node)) return;
    if (!isMap<ParsedNode, ParsedNode | null>(node)) {
      const below = keyPaths
        .filter((key) => key.startsWith(`${path}.`))
        .map((key) => key.slice(path.length + 1));
      const expected = path === "" ? "keys and values" : `a section with ${below.join(", ")}`;
      this.#problems.push({ key: path || this.#name, expected, found: kindOf(node) });
      return;
    }
    this.#sections.add(path);
    for (const { key, value } of node.items) {
      const keyNode = this.#resolve(key);
      const own = isScalar(keyNode) ? String(keyNode.value) : kindOf(keyNode);
      this.#readKey(path === "" ? own : `${path}.${own}`, value, this.#origin(key));
    }
  }

  #readKey(path: string, written: Node, origin: string): void {
    if (sections.has(path)) {
      this.readSection(path, written);
      return;
    }
    const node = this.#resolve(written);
    if (isNothing(node) || silentKeys.has(path)) return;
    if (foreignDrivers.has(path)) {
      const expected = "storage_service.filesystem, azure, gcs or s3";
      this.#problems.push({ key: path, expected, origin });
    } else if (foreignKeys.has(path)) {
      this.#foreign.push(path);
    } else if (!isKey(path)) {
      this.#unknown.push(path);
    } else if (treeKeys.has(path) && !isScalar(node)) {
      this.#settings.set(path, { text: JSON.stringify(this.#toTree(node)) ?? "", origin });
    } else if (listKeys.has(path) && isSeq(node)) {
      this.#settings.set(path, { text: [this.#toTree(node)].flat().join(","), origin });
    } else if (isScalar(node)) {
      this.#settings.set(path, { text: String(node.value), origin });
    } else {
      this.#problems.push({ key: path, expected: "a single value", found: kindOf(node), origin });
    }
  }

  /** Texts in sections and lists, as they are written; what is nothing is left out. */
  #toTree(written: unknown, depth = 0): unknown {
    const node = this.#resolve(written as Node);
    // Nothing that is meant lies so deep, and an anchor may hold itself.
    if (isNothing(node) || depth > 4) return undefined;
    if (isSeq(node)) return node.items.map((item) => this.#toTree(item, depth + 1) ?? "");
    if (!isMap(node)) return isScalar(node) ? String(node.value) : undefined;
    const entries = node.items.map(({ key, value }) => {
      const keyNode = this.#resolve(key as Node);
      return [isScalar(keyNode) ? String(keyNode.value) : kindOf(keyNode), this.#toTree(value, depth + 1)];
    });
    return Object.fromEntries(entries);
  }

  #origin(node: ParsedNode): string {
    return `${this.#name}:${this.#lines.linePos(node.range[0]).line}`;
  }

  result(): FileContent {
    const warnings = this.#unknown.map((path) => unknownKey(path, this.#name));
    if (this.#foreign.length > 0) {
      warnings.unshift(
        `${this.#name}: these keys of Harbor's do not apply to Breakwater: ${this.#foreign.join(", ")}.`,
      );
    }
    const drivers = ["filesystem", "azure", "gcs", "s3"].filter((name) =>
      this.#sections.has(`storage_service.${name}`),
    );
    if (drivers.length > 1) {
      const expected = "one place for images";
      this.#problems.push({ key: "storage_service", expected, found: drivers.join(" and ") });
    }
    return { settings: this.#settings, sections: this.#sections, problems: this.#problems, warnings };
  }
}

/** An empty value is as if its key were not there, as Harbor takes it. */
function isNothing(node: unknown): boolean {
  if (node === null || node === undefined) return true;
  return isScalar(node) && node.type === Scalar.PLAIN && /^(?:|~|null|Null|NULL)$/.test(String(node.value));
}

function kindOf(node: unknown): string {
  if (isMap(node)) return "a section";
  if (isAlias(node)) return "an alias without its anchor";
  return isScalar(node) ? "a single value" : "a list";
}

function unknownKey(path: string, name: string): string {
  // A key of Breakwater's own, left at the top, is meant to be found below `breakwater`.
  const own = `breakwater.${path}`;
  const meant =
    isKey(own) || sections.has(own) ? own : nearest(path, [...keyPaths, ...sections, ...foreignKeys]);
  const hint = meant === undefined ? "It is ignored." : `Did you mean ${meant}?`;
  return `${name}: the key ${quote(path)} is not known. ${hint}`;
}
