import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { BreakwaterError, fileRefusal, isRefusal, isSystemError } from "../../../kernel/index.ts";
import { readTar } from "../../archive/index.ts";
import { writeFile } from "../shelf.ts";
import { decompressed } from "../zstd.ts";
import { type BundleContents, contentsName, contentsSchema, databaseName, maxContents } from "./contents.ts";
import { isSignedBy } from "./signature.ts";
import { signatureFileOf } from "./write.ts";

/** Larger than any database that there is reason to make. */
const maxDatabase = 64 * 2 ** 30;

/**
 * Unpacks a bundle's database to `out`, once its signature is verified: by one of the keys in these files, or
 * not at all where there are none. Throws BAD_REQUEST for what is no bundle, or not what was signed or written.
 */
export async function readBundle(
  bundle: string,
  keyFiles: readonly string[],
  out: string,
): Promise<BundleContents> {
  try {
    let contents: BundleContents | null = null;
    for await (const { name, content } of readTar(createReadStream(bundle))) {
      if (contents === null) {
        if (name !== contentsName) throw notOne(`it begins with ${JSON.stringify(name)}`);
        const bytes = await whole(content);
        await requireSignature(bundle, bytes, keyFiles);
        contents = parse(bytes);
      } else if (name === databaseName) {
        await unpack(content, contents, out);
        return contents;
      }
    }
    throw notOne("it has no database");
  } catch (error) {
    if (isRefusal(error)) throw error;
    // Of what the system has to say, nothing is the bundle's fault.
    if (isSystemError(error)) throw error;
    const { message, cause } = error as Error;
    if (isSystemError(cause)) throw fileRefusal(`The bundle ${bundle} cannot be read`, cause);
    throw notOne(message);
  }
}

async function requireSignature(bundle: string, bytes: Buffer, keyFiles: readonly string[]): Promise<void> {
  if (keyFiles.length === 0) return;
  const signature = await readFile(signatureFileOf(bundle), "utf8").catch(() => null);
  if (signature === null) {
    throw new BreakwaterError(
      "BAD_REQUEST",
      `The bundle is not signed (there is no ${signatureFileOf(bundle)}), and only signed ones are taken here. Nothing was replaced; put the signature beside it, or have it signed.`,
    );
  }
  if (await isSignedBy(bytes, signature, keyFiles)) return;
  throw new BreakwaterError(
    "BAD_REQUEST",
    `The bundle's signature is by none of the keys that are trusted (${keyFiles.join(", ")}), or of another bundle. Nothing was replaced.`,
  );
}

async function unpack(
  content: AsyncIterable<Uint8Array>,
  { size, sha256 }: BundleContents,
  out: string,
): Promise<void> {
  if (size > maxDatabase) throw notOne(`its database has ${size} bytes`);
  const actual = await writeFile(out, decompressed(content), size).catch((error) => {
    if (isRefusal(error))
      throw notOne(`its database cannot be unpacked (${error.message.replace(/\.$/, "")})`);
    throw error;
  });
  if (actual !== sha256) throw notOne("its database has another SHA-256 than its manifest says");
}

async function whole(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of content) {
    size += piece.length;
    if (size > maxContents) throw notOne("its manifest is too large");
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function parse(bytes: Buffer): BundleContents {
  try {
    const { data } = contentsSchema.safeParse(JSON.parse(bytes.toString()));
    if (data !== undefined) return data;
  } catch {
    // Said below.
  }
  throw notOne("its manifest is not one of this version");
}

function notOne(why: string): BreakwaterError {
  return new BreakwaterError(
    "BAD_REQUEST",
    `That is no whole bundle of a vulnerability database: ${why.replace(/\.$/, "")}. Nothing was replaced; fetch the file again.`,
  );
}
