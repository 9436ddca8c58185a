import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { digestOf, isRefusal } from "../../src/kernel/index.ts";
import { parseManifest } from "../../src/registry/manifest-document.ts";
import { DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from "../support/image.ts";

const digest = digestOf("content");
const descriptor = { mediaType: "application/x", digest, size: 7 };
const image = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: descriptor, layers: [descriptor] };
const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] };

function parse(document: unknown, contentType = OCI_MANIFEST) {
  const text = typeof document === "string" ? document : JSON.stringify(document);
  return parseManifest(new TextEncoder().encode(text), contentType);
}

describe("a manifest's type", () => {
  test("is its mediaType field's, else its Content-Type, else what its fields look like", () => {
    const { mediaType: _image, ...untyped } = image;
    const { mediaType: _index, ...untypedIndex } = index;
    expect(parse(image, "application/json").mediaType).toBe(OCI_MANIFEST);
    expect(parse(untyped, DOCKER_MANIFEST).mediaType).toBe(DOCKER_MANIFEST);
    expect(parse(untypedIndex, `${DOCKER_LIST}; charset=utf-8`).mediaType).toBe(DOCKER_LIST);
    expect(parse(untyped, "").mediaType).toBe(OCI_MANIFEST);
    expect(parse(untypedIndex, "").mediaType).toBe(OCI_INDEX);
  });

  test("must be the one it is sent under", () => {
    expect(() => parse(image, OCI_INDEX)).toThrow("was sent as");
    expect(() => parse({ ...image, mediaType: DOCKER_MANIFEST }, OCI_MANIFEST)).toThrow("was sent as");
    expect(() => parse({ ...image, mediaType: "text/html" })).toThrow("media type");
  });
});

test("layers that lie elsewhere need not be in the repository", () => {
  const foreign = {
    ...descriptor,
    digest: digestOf("elsewhere"),
    mediaType: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
  };
  expect(parse({ ...image, layers: [descriptor, foreign] }).blobs).toEqual([digest]);
});

test("an artifact's type is its own, else its config's", () => {
  expect(parse(image).artifactType).toBe("application/x");
  expect(parse({ ...image, artifactType: "application/y" }).artifactType).toBe("application/y");
  expect(parse({ ...image, artifactType: "" }).artifactType).toBe("application/x");
  expect(parse(index, OCI_INDEX).artifactType).toBe("");
});

describe("readers must not differ on a manifest, so one is refused", () => {
  const one = JSON.stringify(descriptor);
  const other = JSON.stringify({ ...descriptor, digest: digestOf("other") });
  const documents = {
    "that is an image and an index": { ...image, manifests: [] },
    "that is an index with layers": { ...index, mediaType: OCI_INDEX, layers: [descriptor] },
    "with a name twice": `{"schemaVersion":2,"mediaType":"${OCI_MANIFEST}","config":${one},"layers":[${one}],"layers":[${other}]}`,
    "with a name twice in a descriptor": `{"schemaVersion":2,"mediaType":"${OCI_MANIFEST}","config":{"digest":"x",${one.slice(1)},"layers":[]}`,
    "with a name twice, once escaped": `{"schemaVersion":2,"mediaType":"${OCI_MANIFEST}","config":${one},"layers":[${one}],"l\\u0061yers":[${other}]}`,
    "with Layers beside layers": { ...image, Layers: [{ ...descriptor, digest: digestOf("other") }] },
    "with a long s in its layers": { ...image, layer\u017f: [] },
    "with DIGEST in a descriptor": { ...image, config: { ...descriptor, DIGEST: digestOf("other") } },
    "behind a byte order mark": `\ufeff${JSON.stringify(image)}`,
  };
  for (const [what, document] of Object.entries(documents)) {
    const type = what.includes("index with") ? OCI_INDEX : OCI_MANIFEST;
    test(what, () => expect(() => parse(document, type)).toThrow("not valid"));
  }

  test("but not for what people call their annotations", () => {
    const annotations = { Digest: "x", digest: "y", LAYERS: 'a "quoted": thing', "\\": "" };
    expect(parse({ ...image, annotations }).annotations).toEqual(annotations);
  });
});

describe("what is no manifest is refused", () => {
  const documents: Record<string, unknown> = {
    nothing: "",
    "half a document": JSON.stringify(image).slice(0, -5),
    "a list": [image],
    null: "null",
    "a number": "1e999",
    "an object without anything": {},
    "a layer that is none": { ...image, layers: [1] },
    "layers that are no list": { ...image, layers: { length: 1, 0: descriptor } },
    "a size below nothing": { ...image, config: { ...descriptor, size: -1 } },
    "a size that is no whole number": { ...image, config: { ...descriptor, size: 1.5 } },
    "a size beyond what numbers hold": { ...image, config: { ...descriptor, size: 1e300 } },
    "a digest of another algorithm": { ...image, config: { ...descriptor, digest: `md5:${"a".repeat(32)}` } },
    "a digest that leads elsewhere": {
      ...image,
      config: { ...descriptor, digest: "sha256:../../etc/passwd" },
    },
    "a subject that is none": { ...image, subject: "sha256:x" },
    "annotations that are no texts": { ...image, annotations: { a: 1 } },
    "NUL in its artifact type": { ...image, artifactType: "application/x\0y" },
    "a media type as long as a book": { ...image, config: { ...descriptor, mediaType: "x".repeat(100_000) } },
    "a prototype of its own": `{"__proto__":${JSON.stringify(image)},"schemaVersion":2}`,
    "nesting without end": `${"[".repeat(1_000_000)}`,
    "nesting with an end": `{"schemaVersion":2,"a":${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}}`,
    "a schema of the future": { ...image, schemaVersion: 3 },
  };
  for (const [what, document] of Object.entries(documents)) {
    test(what, () =>
      expect(() => parse(document)).toThrow(expect.objectContaining({ code: "MANIFEST_INVALID" })),
    );
  }

  test("invalid UTF-8", () => {
    const bytes = Uint8Array.from([...new TextEncoder().encode('{"a":"'), 0xff, 0xfe, 0x22, 0x7d]);
    expect(() => parseManifest(bytes, OCI_MANIFEST)).toThrow("UTF-8");
  });

  test("schema 1, with what to do about it", () => {
    const old = { schemaVersion: 1, name: "library/app", fsLayers: [] };
    expect(() => parse(old, "application/json")).toThrow("schema version 1");
    const type = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    expect(() => parse(image, type)).toThrow("schema version 1");
  });
});

test("whatever is sent is understood or refused, never anything else", () => {
  const shape = fc.record(
    {
      schemaVersion: fc.constantFrom<unknown>(1, 2, "2", null),
      mediaType: fc.constantFrom<unknown>(OCI_MANIFEST, OCI_INDEX, DOCKER_LIST, "", 7),
      config: fc.constantFrom<unknown>(descriptor, null, [], "x"),
      layers: fc.constantFrom<unknown>([descriptor], [], null, [null]),
      manifests: fc.constantFrom<unknown>([descriptor], [], null),
      subject: fc.constantFrom<unknown>(descriptor, null, {}),
      annotations: fc.oneof(fc.dictionary(fc.string(), fc.string()), fc.jsonValue()),
    },
    { requiredKeys: [] },
  );
  const text = fc.oneof(
    shape.map((value) => JSON.stringify(value)),
    fc.json(),
    fc.string(),
  );
  fc.assert(
    fc.property(text, fc.constantFrom(OCI_MANIFEST, OCI_INDEX, "", "text/plain"), (document, type) => {
      try {
        expect(parse(document, type).mediaType).toBeString();
      } catch (error) {
        if (!isRefusal(error, "MANIFEST_INVALID")) throw error;
      }
    }),
    { numRuns: 2_000 },
  );
});
