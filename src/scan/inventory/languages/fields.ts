/**
 * The fields of a text in the form of mail headers, up to its first empty line, by their names in lower case. A line
 * that begins with a space goes on with the one before: after `joint`.
 */
export function readFields(text: string, joint = "\n"): ReadonlyMap<string, readonly string[]> {
  const fields = new Map<string, string[]>();
  let values: string[] = [];
  for (const line of text.replace(/^\ufeff/, "").split(/\r\n|\n|\r/)) {
    if (line === "") break;
    const colon = line.indexOf(":");
    if (line.startsWith(" ") || line.startsWith("\t")) {
      const last = values.pop();
      if (last !== undefined) values.push(`${last}${joint}${joint === "" ? line.slice(1) : line.trim()}`);
    } else if (colon > 0) {
      const name = line.slice(0, colon).toLowerCase();
      values = fields.get(name) ?? [];
      fields.set(name, values);
      values.push(line.slice(colon + 1).trim());
    }
  }
  return fields;
}
