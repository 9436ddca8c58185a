import { createReadStream } from "node:fs";
import type { Command } from "commander";
import { type ConfigurationOptions, configOption } from "./configuration.ts";
import { counted } from "./format.ts";
import { openInstallation } from "./installation.ts";

interface ImportOptions extends ConfigurationOptions {
  readonly project?: string;
}

const help = `
Takes in what a vendor or you yourself say of vulnerabilities, as an OpenVEX document or a CSAF document of the category
csaf_vex: what it says is not affected, or fixed, is no reason to refuse an image. It replaces an older document of its
author with the same id. Without --project it counts in all projects that take over the system's exceptions. It works
beside the running server, and needs the rights to the server's data instead of a password.

Examples:
  breakwater vex import openssl.vex.json
  breakwater vex import cve-2024-3094.json --project library`;

export function addVex(program: Command): void {
  program
    .command("vex")
    .description("Say which vulnerabilities do not matter.")
    .command("import")
    .description("Import a VEX document.")
    .argument("<file>", "the document")
    .addOption(configOption())
    .option("--project <name>", "the only project in which it counts")
    .addHelpText("after", help)
    .action(importDocument);
}

async function importDocument(file: string, options: ImportOptions): Promise<void> {
  const content = await readDocument(file);
  await using installation = await openInstallation(options);
  const { projects, exceptions } = installation.services;
  const { project: name } = options;
  const project = name === undefined ? null : await projects.projects.get({ name });
  const { systemCaller } = await import("../kernel/index.ts");
  const { parseVex } = await import("../scan/index.ts");
  const vex = await exceptions.vexDocuments.import(systemCaller, project, parseVex(content));
  const where = project === null ? "the system" : `the project ${project.name}`;
  console.log(
    `Imported "${vex.name}" of ${vex.author}, version ${vex.version}, for ${where}: ${counted(vex.statements, "statement")}.`,
  );
}

/** No more of it than may be: whatever the path names, it need not end. */
async function readDocument(file: string): Promise<Buffer> {
  const { BreakwaterError, fileRefusal, isSystemError } = await import("../kernel/index.ts");
  const { vexLimits } = await import("../scan/index.ts");
  const pieces: Buffer[] = [];
  try {
    // The end is the offset of the last byte: it is one too many.
    for await (const piece of createReadStream(file, { end: vexLimits.bytes })) pieces.push(piece);
  } catch (error) {
    throw isSystemError(error) ? fileRefusal(`The VEX document ${file} cannot be read`, error) : error;
  }
  const content = Buffer.concat(pieces);
  if (content.length <= vexLimits.bytes) return content;
  throw new BreakwaterError(
    "BAD_REQUEST",
    `The VEX document ${file} cannot be used: it is larger than ${vexLimits.bytes} bytes.`,
  );
}
