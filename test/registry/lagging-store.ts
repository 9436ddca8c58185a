import type { ObjectStore } from "../../src/blobs/index.ts";

/** A storage on which each change takes its time: `lag` runs before and after it. */
export function lagging(objects: ObjectStore, lag: () => Promise<void>): ObjectStore {
  async function slowly<T>(work: () => Promise<T>): Promise<T> {
    await lag();
    const result = await work();
    await lag();
    return result;
  }
  return {
    put: (key, content) => slowly(() => objects.put(key, content)),
    remove: (key, time) => slowly(() => objects.remove(key, time)),
    move: (from, to, size) => slowly(() => objects.move(from, to, size)),
    append: (key, offset, writer) => slowly(() => objects.append(key, offset, writer)),
    get: (key) => objects.get(key),
    stat: (key) => objects.stat(key),
    list: (prefix) => objects.list(prefix),
    body: (key, start, end) => objects.body(key, start, end),
    read: (key, start, end) => objects.read(key, start, end),
    redirect: (key, address) => objects.redirect(key, address),
    settle: (key) => objects.settle(key),
    sweep: (before) => objects.sweep(before),
    probe: () => objects.probe(),
  };
}
