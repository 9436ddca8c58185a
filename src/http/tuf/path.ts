/** The path without percent signs; null when they stand for no text. */
export function decodePath(path: string): string | null {
  if (!path.includes("%")) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}

/** What hardly any path holds: an empty component, or one of dots. */
const unclean = /\/(?:\.{0,2}\/|\.{1,2}$)/;

/** The path without empty components and dots, as Notary redirects to it. */
export function cleanPath(path: string): string {
  if (path.startsWith("/") && !unclean.test(path)) return path;
  const kept: string[] = [];
  for (const component of path.split("/")) {
    if (component === "..") kept.pop();
    else if (component !== "" && component !== ".") kept.push(component);
  }
  const end = path.endsWith("/") && kept.length > 0 ? "/" : "";
  return `/${kept.join("/")}${end}`;
}
