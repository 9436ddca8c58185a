import { createReadStream } from "node:fs";
import { open, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { pack } from "tar-stream";
import { fileRefusal, isSystemError } from "../../../kernel/index.ts";
import type { DatabaseManifest } from "../../vulndb/advisory.ts";
import { hashOf } from "../shelf.ts";
import { compressed } from "../zstd.ts";
import { contentsName, databaseName, toContents } from "./contents.ts";
import { signBytes } from "./signature.ts";

export interface BundleSource {
  /** The SQLite file. */
  readonly file: string;
  readonly manifest: DatabaseManifest;
  /** When each feed's source was last looked at. */
  readonly lookedAt: ReadonlyMap<string, number>;
}

/** The file beside a bundle that holds its signature. */
export function signatureFileOf(bundle: string): string {
  return `${bundle}.sig`;
}

/** What is thrown in place of an error that came of writing to the place of a bundle. */
export function notWritten(out: string, error: unknown): unknown {
  if (!isSystemError(error)) return error;
  return fileRefusal(`The bundle ${out} cannot be written`, error, `there is no folder ${dirname(out)}`);
}

/** Writes a bundle, and its signature beside it where there is a key to sign with. Throws BAD_REQUEST. */
export async function writeBundle(source: BundleSource, out: string, signKey: string | null): Promise<void> {
  const { file, manifest, lookedAt } = source;
  const [{ size }, sha256] = await Promise.all([stat(file), hashOf(file)]);
  const contents = toContents({
    size,
    sha256: sha256 ?? "",
    looked_at: Object.fromEntries(lookedAt),
    manifest,
  });
  const signature = signKey === null ? null : await signBytes(contents, signKey);
  const [packed, whole] = [`${out}.zst.tmp`, `${out}.tmp`];
  try {
    await using target = await open(packed, "w");
    await pipeline(compressed(createReadStream(file)), target.createWriteStream());
    await packFiles(whole, contents, packed);
    await rename(whole, out);
    if (signature === null) await rm(signatureFileOf(out), { force: true });
    else await writeFile(signatureFileOf(out), `${signature}\n`);
  } catch (error) {
    throw notWritten(out, error);
  } finally {
    await Promise.all([rm(packed, { force: true }), rm(whole, { force: true })]);
  }
}

async function packFiles(out: string, contents: Buffer, database: string): Promise<void> {
  const archive = pack();
  await using target = await open(out, "w");
  const written = pipeline(archive, target.createWriteStream({ flush: true }));
  archive.entry({ name: contentsName, mtime: new Date(0) }, contents);
  const { size } = await stat(database);
  const entry = archive.entry({ name: databaseName, size, mtime: new Date(0) });
  await Promise.all([pipeline(createReadStream(database), entry).then(() => archive.finalize()), written]);
}
