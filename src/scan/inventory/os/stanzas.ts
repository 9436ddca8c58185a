/**
 * The entries of a file of `Field: value` lines with blank lines between entries. Fields are in lower case;
 * lines that go on with the one before (a blank at their start) belong to its value. Of a field that comes twice the
 * last counts.
 */
export function* readStanzas(text: string): Generator<Map<string, string>> {
  let stanza = new Map<string, string>();
  let field = "";
  for (const line of linesOf(text)) {
    if (line.trim() === "") {
      if (stanza.size > 0) yield stanza;
      stanza = new Map();
      field = "";
    } else if (line.startsWith(" ") || line.startsWith("\t")) {
      if (field !== "") stanza.set(field, `${stanza.get(field)}\n${line.trim()}`);
    } else {
      const colon = line.indexOf(":");
      field = colon === -1 ? "" : line.slice(0, colon).toLowerCase();
      if (field !== "") stanza.set(field, line.slice(colon + 1).trim());
    }
  }
  if (stanza.size > 0) yield stanza;
}

/** The lines of a text, one at a time: of a large file they would be many at once. */
export function* linesOf(text: string): Generator<string> {
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf("\n", at);
    const end = newline === -1 ? text.length : newline;
    yield text.slice(at, end);
    at = end + 1;
  }
}
