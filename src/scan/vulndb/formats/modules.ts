/**
 * The modules of an rpm that was built in one, for an advisory that shows it in the version alone, as AlmaLinux, Rocky
 * and Red Hat do in OSV (`.module_el8.6.0+…`): those that its headline names, `*` where it names none. An rpm outside
 * of modules has none.
 */
export function modulesOf(versions: readonly string[], headline: string): readonly (string | null)[] {
  if (!versions.some((version) => /\.module[+_]/.test(version))) return [null];
  const named = headline.match(/[A-Za-z][\w.+-]*:[\w.+-]*[A-Za-z0-9]/g) ?? [];
  return named.length > 0 ? [...new Set(named)] : ["*"];
}
