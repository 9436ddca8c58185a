import { z } from "zod";
import { nameOf } from "../image.ts";
import { readProductTree } from "./csaf-products.ts";
import { Budget, invalidVex, limits, text, timeOf } from "./invalid.ts";
import type { VexDocument, VexProduct, VexStatement, VexStatus } from "./statement.ts";

const productIds = z.array(text).nullish();
const vulnerability = z.object({
  cve: text.optional(),
  ids: z.array(z.object({ text })).nullish(),
  product_status: z
    .object({
      known_not_affected: productIds,
      fixed: productIds,
      first_fixed: productIds,
      known_affected: productIds,
      first_affected: productIds,
      last_affected: productIds,
      under_investigation: productIds,
    })
    .nullish(),
});
const document = z.object({
  document: z.object({
    category: text,
    publisher: z.object({ name: text.min(1) }),
    tracking: z.object({ id: text.min(1), version: text, current_release_date: text }),
  }),
  product_tree: z.unknown().optional(),
  vulnerabilities: z.array(vulnerability).max(limits.statements).nullish(),
});

/** What each list of `product_status` says (CSAF 2.0, section 3.2.3.9). */
const statusOf = {
  known_not_affected: "not_affected",
  fixed: "fixed",
  first_fixed: "fixed",
  known_affected: "affected",
  first_affected: "affected",
  last_affected: "affected",
  under_investigation: "under_investigation",
} as const satisfies Record<string, VexStatus>;

export function isCsaf(json: object): boolean {
  return "document" in json;
}

/** Reads a CSAF 2.0 document of the VEX profile (section 4.5). Throws BAD_REQUEST. */
export function readCsaf(json: object): VexDocument {
  const result = document.safeParse(json);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw invalidVex(`${issue?.path.join(".") || "it"}: ${issue?.message ?? "is not valid"}`, result.error);
  }
  const { document: about, product_tree, vulnerabilities } = result.data;
  if (about.category.toLowerCase() !== "csaf_vex") {
    throw invalidVex(`it is a CSAF document of the category "${about.category.slice(0, 80)}", not csaf_vex`);
  }
  const products = readProductTree(product_tree);
  const budget = new Budget(limits.products, "products");
  const issuedAt = timeOf(about.tracking.current_release_date);
  const statements = (vulnerabilities ?? []).flatMap((one) => statementsOf(one, products, issuedAt, budget));
  if (statements.length > limits.statements) throw invalidVex("it has too many statements");
  return {
    format: "csaf",
    author: about.publisher.name,
    name: about.tracking.id,
    version: about.tracking.version,
    issuedAt,
    statements,
  };
}

function statementsOf(
  { cve, ids, product_status }: z.infer<typeof vulnerability>,
  known: ReadonlyMap<string, VexProduct>,
  at: number,
  budget: Budget,
): readonly VexStatement[] {
  const names = [cve, ...(ids ?? []).map(({ text }) => text)].filter((name) => name !== undefined);
  const vulnerabilities = [...new Set(names.map(nameOf))];
  const statements: VexStatement[] = [];
  for (const [list, status] of Object.entries(statusOf)) {
    const given = product_status?.[list as keyof typeof statusOf] ?? [];
    budget.spend(given.length);
    const products = given.flatMap((id) => known.get(id) ?? []);
    if (products.length > 0 && vulnerabilities.length > 0) {
      statements.push({ vulnerabilities, status, at, products });
    }
  }
  return statements;
}
