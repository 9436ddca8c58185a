import { type Command, Option } from "commander";
import { configOption } from "./configuration.ts";
import { build } from "./feeds-build.ts";
import { exportDatabase } from "./feeds-export.ts";
import { importDatabase } from "./feeds-import.ts";
import { list } from "./feeds-list.ts";
import { update } from "./feeds-update.ts";

const listHelp = `
Prints each feed: when its source was last found to say what is in the vulnerability database, when it was last
asked, how old that makes it, how many records it has, which releases and languages it tells of, and why the last
attempt failed. A feed is stale when its last success is longer ago than its max_age.

Exit codes:
  0  every feed is fresh
  1  a feed is stale, or there is no database, or it failed; a sentence on the standard error says why
  2  the command line is wrong

Examples:
  breakwater feeds list
  breakwater feeds list --groups
  breakwater feeds list --json | jq '.feeds[] | select(.stale).name'`;

const updateHelp = `
Fetches the feeds whose time has come, or those that are named, compiles what is new into the vulnerability database
and exchanges it. It works beside the running server, which does the same by each feed's schedule. A feed that fails
keeps what the database has of it, and holds up no other.

Exit codes:
  0  every feed was looked at
  1  a feed failed, or the command did; sentences on the standard error say why
  2  the command line is wrong

Examples:
  breakwater feeds update
  breakwater feeds update debian kev
  breakwater feeds update --all`;

const buildHelp = `
Makes a bundle from the feeds of the configuration, on a machine without a server: for one that reaches the sources
in place of a registry that does not. "breakwater feeds import" takes it.

Exit codes:
  0  every feed is in it
  1  a feed is missing, or the command failed; sentences on the standard error say why
  2  the command line is wrong

Examples:
  breakwater feeds build --config feeds.yml --out vulnerabilities.tar
  breakwater feeds build --config feeds.yml --out vulnerabilities.tar --sign-key feeds.key`;

const exportHelp = `
Writes the vulnerability database that holds as one file, a bundle, or stores it in a registry. With --sign-key the
bundle's manifest, which holds the database's SHA-256, is signed; the signature lies beside it as FILE.sig, and in a
registry in the same artifact. The key is Ed25519 or ECDSA, in PEM form.

Whoever has the public key can check it with other programs too (ECDSA):
  tar -xOf FILE manifest.json > manifest.json && base64 -d FILE.sig > signature
  openssl dgst -sha256 -verify feeds.pub -signature signature manifest.json

Examples:
  breakwater feeds export vulnerabilities.tar
  breakwater feeds export vulnerabilities.tar --sign-key feeds.key
  pass show registry/robot | breakwater feeds export --push oci://registry.example.com/feeds/vulndb:latest \\
    --username 'robot$feeds' --password-stdin`;

const importHelp = `
Puts a bundle's database into the place of the one that holds, for all processes and copies of the server, running
or not. Before anything is replaced, the bundle's checksum is verified, and its signature by --key, or else by the keys
of the configuration (breakwater.scan.trusted_keys): where there are any, what none of them signed is refused. One that
is older than the database that holds is refused without --force.

Examples:
  breakwater feeds import vulnerabilities.tar
  breakwater feeds import vulnerabilities.tar --key feeds.pub
  breakwater feeds import oci://registry.example.com/feeds/vulndb:latest --ca-bundle ca.crt`;

/** How a registry is reached that the command line names. */
function addRegistryOptions(command: Command): Command {
  return command
    .option("--username <name>", "whom the registry knows")
    .option("--password-stdin", "take the password from the standard input's first line")
    .option("--ca-bundle <file>", "authorities of the registry's certificate, besides the system's");
}

const signKeyOption = () => new Option("--sign-key <file>", "private key to sign the bundle with");

export function addFeeds(program: Command): void {
  const feeds = program
    .command("feeds")
    .description("See and bring up to date what images are compared with: the vulnerability database.");
  feeds
    .command("list")
    .description("List the feeds, how old they are and what they have.")
    .addOption(configOption())
    .option("--groups", "list each release and language by itself")
    .option("--json", "print one JSON document, with the field names of the API")
    .addHelpText("after", listHelp)
    .action(list);
  feeds
    .command("update")
    .description("Fetch feeds, and exchange the database where there is anything new.")
    .argument("[feed...]", "names (default: those whose time has come)")
    .addOption(configOption())
    .option("--all", "every feed")
    .option("--json", "print the report as JSON")
    .addHelpText("after", updateHelp)
    .action(update);
  feeds
    .command("build")
    .description("Make a bundle from the configured feeds, without a server.")
    .addOption(configOption())
    .requiredOption("--out <file>", "the bundle to write")
    .addOption(signKeyOption())
    .addHelpText("after", buildHelp)
    .action(build);
  addRegistryOptions(
    feeds
      .command("export")
      .description("Write the database as a bundle, or store it in a registry.")
      .argument("[file]", "the bundle to write")
      .addOption(configOption())
      .option("--push <reference>", "store it in a registry: oci://HOST/REPOSITORY:TAG")
      .addOption(signKeyOption()),
  )
    .addHelpText("after", exportHelp)
    .action(exportDatabase);
  addRegistryOptions(
    feeds
      .command("import")
      .description("Take the database from a bundle.")
      .argument("<bundle>", "a file, or oci://HOST/REPOSITORY:TAG")
      .addOption(configOption())
      .option("--key <file...>", "public keys, of which one must have signed it")
      .option("--force", "take one that is older than the database that holds"),
  )
    .addHelpText("after", importHelp)
    .action(importDatabase);
}
