import { PackageURL } from "packageurl-js";
import { sourceName } from "../ecosystems/ecosystems.ts";
import { asList, asName, asTree, type Tree } from "./shape.ts";

/** An rpm of a release of Red Hat Enterprise Linux, as a CSAF document's product tree tells it. */
export interface Component {
  readonly ecosystem: string;
  /** A package's own name, the `sourceName` of what packages were built from, or both where nobody says which it is. */
  readonly names: readonly string[];
  /** `[epoch:]version-release`; null where the product stands for every version. */
  readonly version: string | null;
  /** `nodejs:18`. */
  readonly module: string | null;
}

interface Product {
  readonly cpe: string;
  readonly purl: string;
}

/** A module's stream in a release is a part of it, and the rpm a part of that. */
const deepestPart = 4;
const deepestBranch = 32;

/** The product tree of one document (CSAF 2.0, section 3.2.2): what the ids in its statements stand for. */
export class ProductTree {
  readonly #products = new Map<string, Product>();
  readonly #parts = new Map<string, { readonly part: string; readonly of: string }>();

  constructor(tree: Tree) {
    this.#addBranches(asList(tree.branches), 0);
    for (const relationship of asList(tree.relationships).map(asTree)) {
      const id = asId(asTree(relationship.full_product_name).product_id);
      const part = asId(relationship.product_reference);
      this.#parts.set(id, { part, of: asId(relationship.relates_to_product_reference) });
    }
  }

  /** Null for what is no rpm, or of another product, or of an extended stream with versions of its own. */
  component(id: string): Component | null {
    let module: string | null = null;
    let rpm: string | null = null;
    for (let at = id, depth = 0; depth < deepestPart; depth++) {
      const relation = this.#parts.get(at);
      if (relation === undefined) return rpm === null ? null : this.#componentOf(rpm, at, module);
      rpm ??= relation.part;
      if (relation.part !== rpm) module ??= this.#moduleOf(relation.part);
      at = relation.of;
    }
    return null;
  }

  #componentOf(rpm: string, release: string, module: string | null): Component | null {
    const found = /^cpe:\/[ao]:redhat:enterprise_linux:(\d+)(?:[.:]|$)/.exec(
      this.#products.get(release)?.cpe ?? "",
    );
    if (found === null) return null;
    const purl = this.#products.get(rpm)?.purl ?? "";
    const named = purl === "" ? fromId(rpm) : fromPurl(purl);
    return named === null
      ? null
      : { ...named, ecosystem: `Red Hat:${found[1]}`, module: named.module ?? module };
  }

  #moduleOf(id: string): string | null {
    const purl = this.#products.get(id)?.purl ?? "";
    return streamOf(purl.startsWith("pkg:rpmmod/") ? purl.replace(/^.*\//, "").replace("@", ":") : id);
  }

  #addBranches(branches: readonly unknown[], depth: number): void {
    if (depth > deepestBranch) return;
    for (const branch of branches.map(asTree)) {
      const product = asTree(branch.product);
      const helper = asTree(product.product_identification_helper);
      const id = asId(product.product_id);
      if (id !== "") this.#products.set(id, { cpe: asId(helper.cpe), purl: asId(helper.purl) });
      this.#addBranches(asList(branch.branches), depth + 1);
    }
  }
}

/** Ids of products hold names of releases, modules and packages at once. */
export function asId(value: unknown): string {
  return typeof value === "string" && value.length <= 1024 ? value : "";
}

type Named = Omit<Component, "ecosystem">;

function fromPurl(text: string): Named | null {
  try {
    const { type, name, version, qualifiers } = PackageURL.fromString(text);
    if (type !== "rpm") return null;
    const epoch = qualifiers?.epoch === undefined || qualifiers.epoch === "0" ? "" : `${qualifiers.epoch}:`;
    // Without a release it is a stream's name or nothing: the product stands for all its versions.
    const exact = version?.includes("-") === true ? `${epoch}${version}` : null;
    const module = streamOf(qualifiers?.rpmmod ?? "");
    const isSource = qualifiers?.arch === "src";
    return { names: [isSource ? sourceName(asName(name)) : asName(name)], version: exact, module };
  } catch {
    return null;
  }
}

/** `nodejs:18/nodejs`, `curl.src`, `kernel` or `curl-0:7.76.1-14.el9.x86_64`. */
function fromId(id: string): Named | null {
  const [, stream = "", rpm = ""] = /^(?:([^/]+)\/)?([^/]+)$/.exec(id) ?? [];
  const module = streamOf(stream);
  const exact = /^(.+)-(?:(\d+):)([^-]+-[^-]+)\.([^.]+)$/.exec(rpm);
  if (exact === null) {
    // What has no fix yet is named by its source, and whoever names all that was built of it does it like this too.
    const names = rpm.endsWith(".src") ? [rpm] : [rpm, sourceName(rpm)];
    return asName(rpm) === "" ? null : { names, version: null, module };
  }
  const [, name = "", epoch = "0", version = "", architecture] = exact;
  const whole = epoch === "0" ? version : `${epoch}:${version}`;
  return { names: [architecture === "src" ? sourceName(name) : name], version: whole, module };
}

/** `nodejs:18` of `nodejs:18:8070020230306:abcdef`. */
function streamOf(module: string): string | null {
  return /^[^:/@]+:[^:/@]+/.exec(module)?.[0] ?? null;
}
