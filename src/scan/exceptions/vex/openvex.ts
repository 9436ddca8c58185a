import { z } from "zod";
import { nameOf } from "../image.ts";
import { Budget, invalidVex, limits, text, timeOf } from "./invalid.ts";
import type { VexDocument, VexProduct, VexStatement } from "./statement.ts";

const component = z.object({
  "@id": text.optional(),
  identifiers: z.record(z.string(), text).optional(),
  hashes: z.record(z.string(), text).optional(),
});
/** Up to version 0.0.2 components were identifiers and nothing else. */
const part = z.union([text, component]);
const product = z.union([text, component.extend({ subcomponents: z.array(part).nullish() })]);
const vulnerability = z.union([
  text,
  z.object({
    "@id": text.optional(),
    name: text.optional(),
    aliases: z.array(text).max(100).nullish(),
  }),
]);
const statement = z.object({
  vulnerability,
  timestamp: text.optional(),
  last_updated: text.optional(),
  products: z.array(product).nullish(),
  subcomponents: z.array(part).nullish(),
  status: z.enum(["not_affected", "affected", "fixed", "under_investigation"]),
});
const document = z.object({
  "@context": z.string().regex(/^https:\/\/openvex\.dev\/ns(?:\/|$)/),
  "@id": text.min(1),
  author: text.min(1),
  timestamp: text,
  last_updated: text.optional(),
  version: z.union([z.number(), text]),
  statements: z.array(statement).max(limits.statements),
});

export function isOpenVex(json: object): boolean {
  return "@context" in json && "statements" in json;
}

/**
 * Reads an OpenVEX document (specification 0.2.0, and the older form of products). What a statement leaves out comes
 * from the document, its products from `around`: what the attestation that holds the document is about. Throws
 * BAD_REQUEST.
 */
export function readOpenVex(json: object, around: readonly VexProduct[]): VexDocument {
  const result = document.safeParse(json);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw invalidVex(`${issue?.path.join(".") || "it"}: ${issue?.message ?? "is not valid"}`, result.error);
  }
  const given = result.data;
  const budget = new Budget(limits.products, "products");
  const issuedAt = timeOf(given.last_updated ?? given.timestamp);
  return {
    format: "openvex",
    author: given.author,
    name: given["@id"],
    version: String(given.version),
    issuedAt,
    statements: given.statements.map((one): VexStatement => {
      const said = one.last_updated ?? one.timestamp;
      const products = productsOf(one, budget);
      return {
        vulnerabilities: vulnerabilityNames(one.vulnerability),
        status: one.status,
        at: said === undefined ? issuedAt : timeOf(said),
        products: products.length === 0 ? around : products,
      };
    }),
  };
}

function vulnerabilityNames(given: z.infer<typeof vulnerability>): readonly string[] {
  if (typeof given === "string") return [nameOf(given)];
  const all = [given.name ?? given["@id"], ...(given.aliases ?? [])];
  return [...new Set(all.filter((name) => name !== undefined).map(nameOf))];
}

function productsOf(
  { products, subcomponents }: z.infer<typeof statement>,
  budget: Budget,
): readonly VexProduct[] {
  return (products ?? []).map((given) => {
    const own = typeof given === "string" ? undefined : given.subcomponents;
    const parts = own ?? subcomponents ?? null;
    budget.spend(1 + (parts?.length ?? 0));
    const digest =
      typeof given === "string" ? undefined : (given.hashes?.["sha-256"] ?? given.hashes?.sha256);
    return {
      purls: purlsOf(given),
      digests: digest === undefined ? [] : [`sha256:${digest.toLowerCase()}`],
      // An empty list says as little as none.
      parts: parts === null || parts.length === 0 ? null : parts.flatMap(purlsOf),
    };
  });
}

/** Other identifiers than purls, such as CPEs, are not what packages are known by here. */
function purlsOf(given: z.infer<typeof part>): readonly string[] {
  if (typeof given === "string") return given.startsWith("pkg:") ? [given] : [];
  const all = [given["@id"], given.identifiers?.purl];
  return all.filter((one) => one?.startsWith("pkg:") === true) as string[];
}
