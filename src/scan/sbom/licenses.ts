import parse from "spdx-expression-parse";
import { Lru } from "../../kernel/index.ts";

const maxLength = 1000;
const known = new Lru<string, { readonly valid: boolean }>(10_000);

/**
 * The SPDX expression that holds for a package with these licenses (SPDX 2.3, annex D); null where it names none, or
 * where one is in words of its own.
 */
export function expressionOf(licenses: readonly string[]): string | null {
  const distinct = [...new Set(licenses.map((license) => license.trim()))].filter(
    (license) => license !== "",
  );
  if (distinct.length === 0 || !distinct.every(isExpression)) return null;
  const [only] = distinct;
  return distinct.length === 1 && only !== undefined
    ? only
    : distinct.map((license) => (/\s/.test(license) ? `(${license})` : license)).join(" AND ");
}

function isExpression(text: string): boolean {
  // A reference points into the document that it was written in, not into ours.
  if (text.length > maxLength || text.includes("Ref-")) return false;
  const remembered = known.get(text);
  if (remembered !== undefined) return remembered.valid;
  const valid = isParsed(text);
  known.set(text, { valid });
  return valid;
}

function isParsed(text: string): boolean {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}
