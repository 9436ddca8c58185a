import { describe, expect, test } from "bun:test";
import { findCircle, importsOf, readSources, roomOf } from "./sources.ts";

/**
 * The house, from the roof down: a file imports from its own floor and the floors below it. Rooms on one floor may
 * know one another, in one direction. A new room must be given its floor here.
 */
const FLOORS: readonly (readonly string[])[] = [
  ["main"],
  ["commands"],
  ["serve"],
  ["http"],
  ["verdict"],
  ["registry", "trust", "scan"],
  ["projects", "access"],
  ["events", "jobs"],
  ["migration"],
  ["db", "blobs", "pki"],
  ["kernel"],
];

const floorOf = (room: string) => FLOORS.findIndex((rooms) => rooms.includes(room));

/** The configuration is read at the top and handed down as plain options, so no room depends on the file's shape. */
const CONFIG = "config";
const READS_CONFIG = new Set(["main", "commands", "serve", CONFIG]);

const sources = await readSources();
const edges = sources.flatMap((source) =>
  source.imports.map((target) => ({ from: source.path, to: target })),
);
const between = edges
  .map((edge) => ({ ...edge, fromRoom: roomOf(edge.from), toRoom: roomOf(edge.to) }))
  .filter(({ fromRoom, toRoom }) => fromRoom !== toRoom);
const show = ({ from, to }: { from: string; to: string }) => `${from} → ${to}`;

describe("the house", () => {
  test("every room has its floor", () => {
    const rooms = new Set(sources.map(({ room }) => room));
    rooms.delete(CONFIG);
    expect([...rooms].filter((room) => floorOf(room) === -1)).toEqual([]);
  });

  test("imports point downwards", () => {
    const upwards = between
      .filter(({ fromRoom, toRoom }) => fromRoom !== CONFIG && toRoom !== CONFIG)
      .filter(({ fromRoom, toRoom }) => floorOf(toRoom) < floorOf(fromRoom));
    expect(upwards.map(show)).toEqual([]);
  });

  test("only the command line and the composition root know the configuration, and it knows only the kernel", () => {
    const wrong = between.filter(
      ({ fromRoom, toRoom }) =>
        (toRoom === CONFIG && !READS_CONFIG.has(fromRoom)) || (fromRoom === CONFIG && toRoom !== "kernel"),
    );
    expect(wrong.map(show)).toEqual([]);
  });

  test("a room is entered by its index.ts", () => {
    const backDoors = between.filter(
      ({ to }) => to.includes("/") && to.split("/").slice(1).join("/") !== "index.ts",
    );
    expect(backDoors.map(show)).toEqual([]);
  });

  test("no import leaves src/", () => {
    expect(edges.filter(({ to }) => to.startsWith("..")).map(show)).toEqual([]);
  });

  test("no circles, among rooms or among files", () => {
    const files = new Map(sources.map(({ path, imports }) => [path, imports]));
    const rooms = new Map<string, string[]>();
    for (const { fromRoom, toRoom } of between) rooms.set(fromRoom, [...(rooms.get(fromRoom) ?? []), toRoom]);
    expect(findCircle(files)).toBeUndefined();
    expect(findCircle(rooms)).toBeUndefined();
  });

  test("a file of more than 400 lines says at its top why", () => {
    const long = sources.filter(({ text }) => text.split("\n").length > 400 && !/^\s*\/[/*]/.test(text));
    expect(long.map(({ path }) => path)).toEqual([]);
  });
});

describe("the reading of imports", () => {
  test("sees values, types, re-exports, side effects, dynamic imports and those over many lines", () => {
    const text = [
      'import { a } from "./a.ts";',
      'import type { B } from "../kernel/index.ts";',
      'export * from "./c.ts";',
      'import "./d.ts";',
      'const e = await import("./e.ts");',
      'import {\n  f,\n} from "./f.ts";',
      'import zod from "zod";',
    ].join("\n");
    expect(importsOf("registry/x.ts", text)).toEqual([
      "registry/a.ts",
      "kernel/index.ts",
      "registry/c.ts",
      "registry/d.ts",
      "registry/e.ts",
      "registry/f.ts",
    ]);
  });

  test("finds a circle by its way", () => {
    const graph = new Map([
      ["a", ["b"]],
      ["b", ["c", "d"]],
      ["d", ["b"]],
    ]);
    expect(findCircle(graph)).toEqual(["b", "d", "b"]);
    expect(findCircle(new Map([["a", ["b"]]]))).toBeUndefined();
  });
});
