import { z } from "zod";
import { Budget, limits, text } from "./invalid.ts";
import type { VexProduct } from "./statement.ts";

const fullName = z.object({
  product_id: text,
  product_identification_helper: z
    .object({
      purl: text.optional(),
      purls: z.array(text).optional(),
      hashes: z
        .array(z.object({ file_hashes: z.array(z.object({ algorithm: text, value: text })) }))
        .optional(),
    })
    .optional(),
});
const branch = z.object({
  product: fullName.optional(),
  branches: z.array(z.unknown()).optional(),
});
const relationship = z.object({
  category: text,
  full_product_name: fullName,
  product_reference: text,
  relates_to_product_reference: text,
});
const tree = z.object({
  full_product_names: z.array(z.unknown()).optional(),
  branches: z.array(z.unknown()).optional(),
  relationships: z.array(z.unknown()).optional(),
});

/** Those in which one product is a part of the other (CSAF 2.0, section 3.2.2.5). */
const isPart = new Set(["default_component_of", "optional_component_of", "installed_on", "installed_with"]);

/**
 * The products of a product tree (CSAF 2.0, section 3.2.2) by their ids; those without purl or hash are left out, and
 * so is what does not keep to the form: it says nothing of any product.
 */
export function readProductTree(json: unknown): ReadonlyMap<string, VexProduct> {
  const { full_product_names = [], branches = [], relationships = [] } = tree.safeParse(json).data ?? {};
  const budget = new Budget(limits.nodes, "products");
  const products = new Map<string, VexProduct>();
  const add = (given: z.infer<typeof fullName>) => {
    const product = toProduct(given);
    if (product !== null) products.set(given.product_id, product);
  };
  budget.spend(full_product_names.length + relationships.length);
  for (const json of full_product_names) {
    const given = fullName.safeParse(json).data;
    if (given !== undefined) add(given);
  }
  for (const open = [...branches]; open.length > 0; ) {
    budget.spend();
    const given = branch.safeParse(open.pop()).data;
    if (given?.product !== undefined) add(given.product);
    for (const below of given?.branches ?? []) open.push(below);
  }
  for (const json of relationships) {
    const given = relationship.safeParse(json).data;
    if (given === undefined || !isPart.has(given.category)) continue;
    const part = products.get(given.product_reference);
    const whole = products.get(given.relates_to_product_reference);
    // Of a whole that nobody can recognise nothing is known of its parts either.
    if (part === undefined || whole === undefined || whole.parts !== null) continue;
    products.set(given.full_product_name.product_id, { ...whole, parts: part.purls });
  }
  return products;
}

function toProduct({ product_identification_helper: helper }: z.infer<typeof fullName>): VexProduct | null {
  const purls = [...(helper?.purl === undefined ? [] : [helper.purl]), ...(helper?.purls ?? [])];
  const hashes = (helper?.hashes ?? []).flatMap(({ file_hashes }) => file_hashes);
  const digests = hashes
    .filter(({ algorithm }) => algorithm.toLowerCase() === "sha256")
    .map(({ value }) => `sha256:${value.toLowerCase()}`);
  return purls.length + digests.length === 0 ? null : { purls, digests, parts: null };
}
