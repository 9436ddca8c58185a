import { afterAll, beforeAll, expect, test } from "bun:test";
import { describeUnless } from "../support/describe-unless.ts";
import { linesOf } from "../support/package-managers.ts";
import { ALPINES, missingAlpine } from "../support/shared-images.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { noDockerEngine } from "./docker-engine.ts";
import { fillWithContents, missingContents, places } from "./scanned-contents.ts";
import { languageLines, systemLines, typesOf } from "./scanned-image.ts";
import { type Scene, startScene } from "./scanned-scene.ts";

const base = "alpine:3.11";
const missing = (await noDockerEngine()) ?? missingAlpine(ALPINES[base]);

describeUnless(missing, "an image that Docker built on another", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await startScene();
    await scene.load(ALPINES[base]);
  });
  afterAll(() => scene?.[Symbol.asyncDispose]());

  test("is known under another name without being read again", async () => {
    const first = await scene.push(base);
    const read = scene.layersRead();
    expect([...read.keys()].sort()).toEqual(expect.arrayContaining(first.layers.toSorted()));
    expect(await scene.push(base)).toEqual(first);
    expect(scene.layersRead()).toEqual(read);
  });

  test("has only its own layers read, and each package in the layer that brought it", async () => {
    const below = await scene.push(base);
    const read = scene.layersRead();
    const path = "app/node_modules/added/package.json";
    const content = JSON.stringify({ name: "added", version: "1.0.0" });
    // No other test has such a layer.
    const unlike = `echo ${crypto.randomUUID()} > /unlike`;
    const add = `mkdir -p /app/node_modules/added && echo '${content}' > /${path}`;
    const image = await scene.push(await scene.build([`FROM ${base}`, `RUN ${unlike} && ${add}`]));
    expect(image.gaps).toEqual([]);

    const top = image.layers.at(-1) ?? "";
    expect(image.layers).toEqual([...below.layers, top]);
    const readNow = scene.layersRead();
    expect(readNow.delete(top)).toBe(true);
    expect(readNow).toEqual(read);
    expect(image.packages.filter(({ layer }) => layer === top)).toEqual([
      expect.objectContaining({ type: "npm", name: "added", version: "1.0.0", path }),
    ]);
    expect(image.packages.filter(({ layer }) => layer !== top)).toEqual(below.packages);
  });

  test("is not called clean when it removes the package database", async () => {
    const image = await scene.push(await scene.build([`FROM ${base}`, "RUN rm -r /lib/apk/db"]));
    expect(image.gaps).toEqual([expect.stringContaining("A layer above has removed")]);
    expect(image.packages).toEqual([]);
    expect(image.coverage).toEqual(["Alpine:v3.11 unparsable"]);
  });

  describeUnless(missingContents, "with what npm, pip and Go installed", () => {
    let listed: Readonly<Record<string, readonly string[]>>;
    let contents: string;
    beforeAll(async () => {
      await using folder = await temporaryDirectory("contents");
      listed = await fillWithContents(folder.path);
      contents = await scene.build([`FROM ${base}`, "COPY . /"], folder.path);
    });

    test("has what they list", async () => {
      const image = await scene.push(contents);
      expect(image.gaps).toEqual([]);
      for (const [type, lines] of Object.entries(listed)) expect(languageLines(image, type)).toEqual(lines);
      expect(typesOf(image)).toEqual(["apk", "golang", "npm", "pypi"]);
      expect(image.packages.filter(({ managed }) => managed)).toEqual([]);
    });

    test("has no longer what a layer removed", async () => {
      const [gone] = linesOf(await scene.runIn(contents, "ls", `/${places.pip}`));
      const left = `/${places.npm}/left`;
      const built = await scene.build([
        `FROM ${contents}`,
        "RUN apk del --no-network libc-utils",
        `RUN rm -r /${places.go} "/${places.pip}/${gone}"`,
        // The new folder hides all that was in the old one.
        `RUN rm -r /${places.npm} && mkdir -p ${left} && echo '{"name":"left","version":"1.0.0"}' > ${left}/package.json`,
      ]);
      const image = await scene.push(built);
      expect(image.gaps).toEqual([]);
      expect(systemLines(image, "apk")).toEqual(await scene.installedByApk(built));
      expect(systemLines(image, "apk")).not.toEqual(await scene.installedByApk(base));
      expect(languageLines(image, "golang")).toEqual([]);
      expect(languageLines(image, "npm")).toEqual(["left 1.0.0"]);
      expect(languageLines(image, "pypi")).toHaveLength((listed.pypi?.length ?? 0) - 1);
      expect(image.packages.filter(({ path }) => path.startsWith(`${places.pip}/${gone}`))).toEqual([]);
    });
  });
});
