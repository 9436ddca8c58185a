/** Whether a server was not believed because nobody here knows the authority of its certificate. */
export function isUnknownAuthority(cause: unknown): boolean {
  const { code } = (cause ?? {}) as { code?: unknown };
  return /SELF_SIGNED|ISSUER|LEAF_SIGNATURE/.test(String(code ?? ""));
}
