/** What OpenVEX says of the vulnerability that the fake reports find. */
export function statementAbout(product: string, parts?: readonly string[]): object {
  const subcomponents = parts?.map((id) => ({ "@id": id }));
  return {
    vulnerability: { name: "CVE-2026-1000" },
    products: [{ "@id": product, ...(subcomponents === undefined ? {} : { subcomponents }) }],
    status: "not_affected",
    justification: "vulnerable_code_not_in_execute_path",
  };
}

export function openVex(statements: readonly object[], change: object = {}): object {
  return {
    "@context": "https://openvex.dev/ns/v0.2.0",
    "@id": "https://example.com/vex/1",
    author: "Example",
    timestamp: "2026-01-01T00:00:00Z",
    version: 1,
    statements,
    ...change,
  };
}

/** A CSAF document about an image and the packages openssl and zlib in it. */
export function csaf(product_status: object, image: string): object {
  const named = (product_id: string, purl: string) => ({
    name: product_id,
    product_id,
    product_identification_helper: { purl },
  });
  const inImage = (part: string) => ({
    category: "default_component_of",
    full_product_name: { name: part, product_id: `image:${part}` },
    product_reference: part,
    relates_to_product_reference: "image",
  });
  return {
    document: {
      category: "csaf_vex",
      csaf_version: "2.0",
      title: "Example",
      publisher: { category: "vendor", name: "Example", namespace: "https://example.com" },
      tracking: {
        ...{ id: "EX-1", version: "1", status: "final", initial_release_date: "2026-01-01T00:00:00Z" },
        current_release_date: "2026-01-01T00:00:00Z",
      },
    },
    product_tree: {
      branches: [
        {
          ...{ category: "vendor", name: "Example" },
          branches: [
            { category: "product_version", name: "image", product: named("image", image) },
            {
              category: "product_version",
              name: "openssl",
              product: named("openssl", "pkg:deb/debian/openssl"),
            },
          ],
        },
      ],
      full_product_names: [named("zlib", "pkg:deb/debian/zlib")],
      relationships: [inImage("openssl"), inImage("zlib")],
    },
    vulnerabilities: [{ cve: "CVE-2026-1000", product_status }],
  };
}
