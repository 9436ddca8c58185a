import { fetchFile } from "./file.ts";
import { fetchArtifact } from "./oci/artifact.ts";
import type { Found, Question } from "./question.ts";
import { fetchUrl } from "./url.ts";

/** Gets what is at a place. Throws UNAVAILABLE with a sentence. */
export function fetchSource(question: Question): Promise<Found | null> {
  if (/^https?:\/\//.test(question.source)) return fetchUrl(question);
  if (/^oci(?:\+http)?:\/\//.test(question.source)) return fetchArtifact(question);
  return fetchFile(question);
}
