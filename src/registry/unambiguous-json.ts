import { countNames, foldName } from "../kernel/index.ts";

/** Fields of manifests and descriptors, as the image specification spells them. */
const fields = new Set([
  "schemaVersion",
  "mediaType",
  "artifactType",
  "config",
  "layers",
  "manifests",
  "subject",
  "annotations",
  "digest",
  "size",
  "urls",
  "data",
  "platform",
]);
const spelling = new Map([...fields].map((field) => [foldName(field), field]));

/**
 * Parses JSON that all readers read alike, and refuses what they do not. Where a name comes twice, some take the
 * first, some the last, and some merge the two; Go's reader, and so most clients, takes `Layers` for `layers`.
 * What is checked, scanned and shown here would then not be what a client runs.
 */
export function parseUnambiguous(text: string, refuse: (why: string, cause?: unknown) => never): unknown {
  let whole: unknown;
  try {
    whole = JSON.parse(text);
  } catch (error) {
    refuse("it is not JSON", error);
  }
  let names = 0;
  const annotations = new Set<unknown>();
  // Not by recursion: how deep a document is nested is its author's choice.
  const open = [whole];
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    if (typeof item !== "object" || item === null) continue;
    for (const [name, inner] of Object.entries(item)) {
      open.push(inner);
      if (Array.isArray(item)) continue;
      names++;
      if (name === "annotations") annotations.add(inner);
      const field = annotations.has(item) ? undefined : spelling.get(foldName(name));
      if (field !== undefined && field !== name) {
        refuse(`its field "${name}" is spelt like "${field}" but for the case, and readers differ on such`);
      }
    }
  }
  if (names !== countNames(text))
    refuse("a name comes twice in one of its objects, and readers differ on such");
  return whole;
}
