import { readFile } from "node:fs/promises";

export interface Report {
  readonly passed: number;
  readonly failed: number;
  /** Full names of the tests that were skipped. */
  readonly skipped: readonly string[];
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&apos;": "'",
  "&amp;": "&",
};

function unescapeXml(text: string): string {
  return text.replace(/&(?:lt|gt|quot|apos|amp);/g, (entity) => ENTITIES[entity] ?? entity);
}

function attribute(tag: string, name: string): string {
  return unescapeXml(new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1] ?? "");
}

/** Counts the outcomes in a JUnit report as `bun test` writes it: one element for each test, nested in suites. */
export function parseReport(xml: string): Report {
  let passed = 0;
  let failed = 0;
  const skipped: string[] = [];
  for (const [, tag = "", body = ""] of xml.matchAll(/<testcase\b([^>]*?)(?:\/>|>(.*?)<\/testcase>)/gs)) {
    if (body.includes("<skipped")) {
      skipped.push(
        [attribute(tag, "classname"), attribute(tag, "name")].filter((part) => part !== "").join(" > "),
      );
    } else if (body.includes("<failure") || body.includes("<error")) failed += 1;
    else passed += 1;
  }
  return { passed, failed, skipped };
}

/** A run that was ended from outside leaves no report: it counts as nothing. */
export async function readReport(file: string): Promise<Report> {
  return parseReport(await readFile(file, "utf8").catch(() => ""));
}
