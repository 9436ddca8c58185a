/** What is said of metadata that expires, wherever it is shown. */
export function expiryMessage(role: string, expiresAt: number): string {
  return `The metadata of ${role} expires at ${new Date(expiresAt).toISOString()}. Whoever holds its key can publish it anew, for example by signing a tag.`;
}
