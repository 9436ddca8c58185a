import type { Command } from "commander";
import { configOption } from "./configuration.ts";
import { inspect } from "./trust-inspect.ts";
import { list } from "./trust-list.ts";

const listHelp = `
Without a repository it counts the tags of each repository for which somebody has published trust data, and with --all
those of the others too; with one it lists the repository's tags. The status is worked out from the signatures
themselves, as it is at a pull:

  signed    the tag points to what is signed
  unsigned  nobody has signed the tag
  tampered  it points to something else than what is signed, or the trust data is not what anybody signed
  expired   it points to what was signed, and the signatures have ended

Exit codes:
  0  nothing is tampered with or expired
  1  something is, or it failed; a sentence on the standard error says why
  2  the command line is wrong

Examples:
  breakwater trust list
  breakwater trust list --all
  breakwater trust list library/alpine
  breakwater trust list library/alpine --json | jq '.tags[] | select(.trust.status == "tampered").name'`;

const inspectHelp = `
Of a tag it tells what is signed, by which roles and keys, until when, and what a pull would be told; of a repository
who signs, with which keys, and when the metadata expires. A repository may be written with this server's host, as
Docker writes it.

Exit codes:
  0  the tag is signed; of a repository, nothing is tampered with or expired
  1  it is not, or it failed; a sentence on the standard error says why
  2  the command line is wrong

Examples:
  breakwater trust inspect library/alpine
  breakwater trust inspect library/alpine:3.10
  breakwater trust inspect library/alpine@sha256:de78803598bc4c940fc4591d412bffe488205d5d953f94751c6308deeaaa7eb8
  breakwater trust inspect registry.example.com:8443/library/alpine:3.10 --json`;

export function addTrust(program: Command): void {
  const trust = program
    .command("trust")
    .description("See which tags are signed, by whom, and which were tampered with.");
  trust
    .command("list")
    .description("List the trust status of a repository's tags, or of all repositories that are signed.")
    .argument("[repository]", "its name, such as library/alpine")
    .addOption(configOption())
    .option("--all", "of all repositories with tags, also those that nobody has signed in")
    .option("--json", "print one JSON document, with the field names of the API")
    .addHelpText("after", listHelp)
    .action(list);
  trust
    .command("inspect")
    .description("Show everything that is known of the signatures of a tag or a repository.")
    .argument("<repository[:tag|@digest]>", "such as library/alpine:3.10")
    .addOption(configOption())
    .option("--json", "print one JSON document, with the field names of the API")
    .addHelpText("after", inspectHelp)
    .action(inspect);
}
