import { isCve } from "./cve.ts";
import { type FeedDocument, piecesOf } from "./documents.ts";
import { type FeedRecord, unreadable } from "./record.ts";
import { asTime } from "./shape.ts";

const longestLine = 1024;

/** FIRST's estimates (EPSS) as CSV: a line that says of which day, the columns' names, one line for each CVE. */
export async function* readEpss(documents: AsyncIterable<FeedDocument>): AsyncGenerator<FeedRecord> {
  for await (const document of documents) {
    try {
      for await (const line of linesOf(document)) {
        const day = /^#.*\bscore_date:([^,\s]+)/.exec(line)?.[1];
        const at = asTime(day?.replace(/\+0000$/, "Z"));
        if (at !== null) yield { kind: "as-of", at };
        if (line !== "" && !line.startsWith("#") && !line.startsWith("cve,"))
          yield recordOf(document.name, line);
      }
    } catch (error) {
      yield unreadable(document.name, error);
    }
  }
}

function recordOf(document: string, line: string): FeedRecord {
  const [cve = "", first = "", second = ""] = line.split(",");
  const [probability, percentile] = [shareOf(first), shareOf(second)];
  if (!isCve(cve) || probability === null || percentile === null)
    return unreadable(document, "A line has no CVE, or no two numbers from 0 to 1.");
  return { kind: "epss", cve, probability, percentile };
}

function shareOf(text: string): number | null {
  const share = text.trim() === "" ? Number.NaN : Number(text);
  return share >= 0 && share <= 1 ? share : null;
}

async function* linesOf(document: FeedDocument): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const piece of piecesOf(document)) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split(/\r?\n/);
    rest = lines.pop() ?? "";
    if (rest.length > longestLine) throw new Error("A line of it is too long.");
    yield* lines;
  }
  yield rest;
}
