import { type Analyzer, foundPackage, UnreadableFile } from "../analyzer.ts";
import { utf8 } from "../bytes.ts";

const maxSpecification = 1024 * 1024;
/** RubyGems writes one as a comment, so that the rest need not be run: name, version, platform, folders. */
const stub = /^# stub: (\S+) (\S+) \S+ /m;
const literal = String.raw`(?:Gem::Version\.new[( ][ \t]*)?["']([^"'\n]+)["']`;
const assigned = (field: string) => new RegExp(String.raw`^[ \t]*\w+\.${field}[ \t]*=[ \t]*${literal}`, "m");
const [name, version, license] = [assigned("name"), assigned("version"), assigned("license")];
const licenses = /^[ \t]*\w+\.licenses[ \t]*=[ \t]*\[([^\]\n]*)\]/m;

/** Gems as RubyGems has installed them, those that come with Ruby among them. */
export const ruby: Analyzer = {
  type: "gem",
  wants: (path, name) =>
    name.endsWith(".gemspec") && /(?:^|\/)specifications\/(?:default\/)?[^/]+$/.test(path),
  *analyze(file) {
    const text = utf8(file.read(0, maxSpecification));
    const stubbed = stub.exec(text);
    const gem = stubbed?.[1] ?? name.exec(text)?.[1];
    const release = stubbed?.[2] ?? version.exec(text)?.[1];
    if (!gem || !release) throw new UnreadableFile("It tells of a gem without a name or version.");
    yield foundPackage("gem", gem, release, { licenses: licensesIn(text) });
  },
};

function licensesIn(text: string): readonly string[] {
  const one = license.exec(text)?.[1];
  const list = licenses.exec(text)?.[1] ?? "";
  return one === undefined ? [...list.matchAll(/["']([^"']+)["']/g)].map((match) => match[1] ?? "") : [one];
}
