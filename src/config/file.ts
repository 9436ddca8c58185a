import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { isAlias, LineCounter, parseDocument } from "yaml";
import { BreakwaterError, fileRefusal } from "../kernel/index.ts";
import { type FileContent, FileReader } from "./file-reader.ts";
import { refusal } from "./settings.ts";

/** Reads a file in the form of Harbor's harbor.yml. Throws CONFIG_INVALID when it cannot be read or is not YAML. */
export async function readConfigFile(file: string): Promise<FileContent> {
  const text = await readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
    const { message } = fileRefusal(`The configuration file ${file} cannot be read`, cause);
    throw new BreakwaterError("CONFIG_INVALID", message, { cause });
  });
  return parseConfig(text, basename(file));
}

/** `name` is the file's, for messages. */
export function parseConfig(text: string, name: string): FileContent {
  const lineCounter = new LineCounter();
  // The failsafe schema leaves every value the text that was written: a password 0123 stays 0123.
  const document = parseDocument(text, {
    schema: "failsafe",
    prettyErrors: false,
    lineCounter,
    logLevel: "silent",
  });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lineCounter.linePos(error.pos[0]);
    // The parser's own message quotes the line, and with it perhaps a password.
    throw refusal([{ key: `${name}:${line}:${col}`, expected: "valid YAML", found: error.code }]);
  }
  const reader = new FileReader(name, lineCounter, (node) =>
    isAlias(node) ? (node.resolve(document) ?? node) : node,
  );
  reader.readSection("", document.contents);
  return reader.result();
}
