/** Whose an exception or a document is: a project's, or, null, the system's. */
export type Owner = { readonly id: number; readonly name: string } | null;

/** At the beginning of a sentence. */
export function ownerName(owner: Owner): string {
  return owner === null ? "The system" : `The project ${owner.name}`;
}
