import type { Entry } from "./archive.ts";

/** A folder as it lies on a disk when layers are unpacked. What is null or a string is a file, or a link. */
export class Model {
  readonly children = new Map<string, Model | File | "link">();
  readonly gone = new Set<string>();
  opaque = false;
}

interface File {
  readonly content: string;
  readonly layer: number;
}

/** Unpacks one layer into an empty folder; entries that an engine refuses, or puts elsewhere, are not taken. */
export function unpack(entries: readonly Entry[], layer: number): { model: Model; taken: Entry[] } {
  const model = new Model();
  const taken = entries.filter((entry) => put(model, entry, layer));
  return { model, taken };
}

function put(root: Model, { name, type, linkname = "", content = "" }: Entry, layer: number): boolean {
  const parts = name.split("/");
  const last = parts.pop() as string;
  if (throughLink(root, parts)) return false;
  // To make room for the link, or for its folder, would take its target away.
  if (type === "link" && (`${name}/`.startsWith(`${linkname}/`) || linkname.startsWith(`${name}/`)))
    return false;
  const target = type === "link" ? lookUp(root, linkname.split("/")) : { content: String(content), layer };
  if (target === null || target === "link" || target instanceof Model) return false;
  const parent = makeFolders(root, parts);
  if (last === ".wh..wh..opq") parent.opaque = true;
  else if (last.startsWith(".wh.")) parent.gone.add(last.slice(4));
  else if (type === "directory") makeFolders(parent, [last]);
  else if (type === "symlink") parent.children.set(last, "link");
  else parent.children.set(last, target);
  return true;
}

function throughLink(root: Model, parts: readonly string[]): boolean {
  return parts.some((_, index) => lookUp(root, parts.slice(0, index + 1)) === "link");
}

function lookUp(root: Model, parts: readonly string[]): Model | File | "link" | null {
  let at: Model | File | "link" = root;
  for (const part of parts) {
    const next: Model | File | "link" | undefined = at instanceof Model ? at.children.get(part) : undefined;
    if (next === undefined) return null;
    at = next;
  }
  return at;
}

function makeFolders(from: Model, parts: readonly string[]): Model {
  let at = from;
  for (const part of parts) {
    const next = at.children.get(part);
    const made = next instanceof Model ? next : new Model();
    at.children.set(part, made);
    at = made;
  }
  return at;
}

/** Lays an unpacked layer over what is there. */
export function merge(below: Model, above: Model): Model {
  const merged = new Model();
  if (!above.opaque)
    for (const [name, child] of below.children) if (!above.gone.has(name)) merged.children.set(name, child);
  for (const [name, child] of above.children) {
    const under = merged.children.get(name);
    const folder =
      child instanceof Model ? merge(under instanceof Model ? under : new Model(), child) : child;
    merged.children.set(name, folder);
  }
  return merged;
}

/** The files whose names begin with `p`, as `path=content@layer`, in order. */
export function visible(model: Model | null, path = ""): string[] {
  const found: string[] = [];
  for (const [name, child] of model?.children ?? []) {
    if (child instanceof Model) found.push(...visible(child, `${path}${name}/`));
    else if (child !== "link" && name.startsWith("p"))
      found.push(`${path}${name}=${child.content}@${child.layer}`);
  }
  return found.sort();
}
