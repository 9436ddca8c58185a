/** `text` on one line, of bearable length, without the password that a URL may hold. */
export function quote(text: string): string {
  const open = text.replace(/\/\/[^/]*@/g, "//***@");
  return JSON.stringify(open.length > 80 ? `${open.slice(0, 80)}…` : open);
}
