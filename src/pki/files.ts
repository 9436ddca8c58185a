import { randomUUID } from "node:crypto";
import { link, mkdir, open, readFile, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";

/** For its owner's eyes only. */
export const privateMode = 0o600;
export const publicMode = 0o644;

/** Makes the directory, for its owner alone, where it is missing. */
export async function ensurePrivateDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
}

/** The file's text, or undefined when there is no such file. */
export async function readText(file: string): Promise<string | undefined> {
  return readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
}

/** Puts `text` in the file's place at once: readers, and a power cut, see the old content or the new. */
export async function replaceFile(file: string, text: string, mode: number): Promise<void> {
  const temporary = await writeTemporary(file, text, mode);
  await rename(temporary, file);
  await syncDirectory(dirname(file));
}

/** Creates the file unless it exists, and returns what it holds then: of several processes one wins. */
export async function createOnce(file: string, text: string, mode: number): Promise<string> {
  const temporary = await writeTemporary(file, text, mode);
  try {
    await link(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return await readFile(file, "utf8");
  } finally {
    await unlink(temporary);
  }
  await syncDirectory(dirname(file));
  return text;
}

async function writeTemporary(file: string, text: string, mode: number): Promise<string> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  await using handle = await open(temporary, "wx", mode);
  await handle.writeFile(text);
  await handle.sync();
  return temporary;
}

async function syncDirectory(directory: string): Promise<void> {
  await using handle = await open(directory, "r");
  await handle.sync();
}
