/** Endings of what is no program and no library, most files of an image: these are not even opened. */
const noProgram =
  /\.(?:a|o|ko|dll|pdb|dat|db|img|py[cio]?|[cm]?[jt]sx?|map|json|html?|css|md|txt|rst|gz|bz2|xz|zst|zip|tar|tgz|whl|jar|war|class|png|jpe?g|gif|svg|ico|[ot]tf|woff2?|pem|crt|key|conf|cfg|ini|toml|ya?ml|xml|dtd|xsd|xsl|[ch]|cc|cpp|hpp|go|rs|rb|p[lmh]|php|t|sh|bash|m?o|pot?|service|socket|timer|target|rules|list|md5sums|symbols|shlibs|triggers|conffiles|preinst|postinst|prerm|postrm|templates|lua|vim|elc?|tcl|sql|csv|lock|log|proto|tmpl|pc|cmake|la|supp|gemspec|properties)(?:\.[\d.]+)?$/i;
const noPrograms =
  /^usr\/share\/(?:doc|man|info|locale|zoneinfo|terminfo|licenses|bash-completion|common-licenses)\//;

/** By its path alone, not by its rights: a plugin, or a program that was copied without them, is loaded all the same. */
export function mayBeProgram(path: string, name: string): boolean {
  return !noPrograms.test(path) && !noProgram.test(name);
}
