import type { Command } from "commander";
import type { FsckSummary, Outcome } from "../registry/index.ts";
import { type ConfigurationOptions, configOption } from "./configuration.ts";
import { counted, durationArgument, formatBytes } from "./format.ts";
import { openInstallation } from "./installation.ts";
import { progressLine } from "./progress.ts";

interface FsckOptions extends ConfigurationOptions {
  readonly deep?: boolean;
  readonly repair?: boolean;
  readonly discardUnknown?: boolean;
  readonly grace?: string;
  readonly json?: boolean;
}

const help = `
Compares the database and the storage: every blob has its bytes, every manifest its content and what it names,
every tag its manifest; the counters are right; the links in the storage say what the database says; nothing is
left over. It works beside the running server, which goes on serving: what looks wrong is looked at again under
the write lock before it counts. Run it as the server's own user, so that its files stay the server's.

--repair puts right what can be put right without losing anything: it counts anew, writes links from the
database, restores a manifest from its other copy, and deletes what is left over from broken-off work, once it
is older than the grace. A layer whose bytes are gone cannot be restored here: it is taken out of service, so
that clients send it again instead of being told that it is there. Content that the database does not know is
kept, since the database may be the older one; --discard-unknown deletes it.

Exit codes:
  0  nothing is wrong, or everything was repaired
  1  something is wrong and was not repaired
  2  the command line is wrong

Examples:
  breakwater fsck
  breakwater fsck --config /etc/breakwater/breakwater.yml --deep
  breakwater fsck --repair
  breakwater fsck --json | jq '.findings[] | select(.severity == "damage")'`;

export function addFsck(program: Command): void {
  program
    .command("fsck")
    .description("Check that nothing is lost, wrong or left over, and repair what can be.")
    .addOption(configOption())
    .option("--deep", "read all blobs and check their digests")
    .option("--repair", "repair what is safe to")
    .option("--discard-unknown", "with --repair, also delete content that the database does not know")
    .option(
      "--grace <duration>",
      "age from which files are left over rather than under way (default: that of garbage collection, 2h)",
      durationArgument,
    )
    .option("--json", "print one JSON document: findings and summary")
    .addHelpText("after", help)
    .action(run);
}

async function run(options: FsckOptions, command: Command): Promise<void> {
  if (options.discardUnknown && !options.repair) {
    command.error("error: option '--discard-unknown' does nothing without '--repair'");
  }
  await using installation = await openInstallation(options);
  const { config, services } = installation;
  const { parseDuration } = await import("../config/index.ts");
  const grace = options.grace === undefined ? config.gc.grace : (parseDuration(options.grace) ?? 0);
  const write = options.json ? jsonWriter() : textWriter();
  using progress = progressLine();
  const summary = await services.registry.fsck.run({
    deep: options.deep ?? false,
    repair: options.repair ?? false,
    discardUnknown: options.discardUnknown ?? false,
    grace,
    onFinding(finding) {
      progress.clear();
      write.finding(finding);
    },
    onProgress: (check, { examined, bytesRead }) =>
      progress.show(`${check}: ${counted(examined.blobs ?? 0, "blob")}, ${formatBytes(bytesRead)} read`),
  });
  progress.clear();
  write.summary(summary);
  if (summary.left > 0) process.exitCode = 1;
}

interface Writer {
  finding(finding: Outcome): void;
  summary(summary: FsckSummary): void;
}

function textWriter(): Writer {
  return {
    finding({ severity, message, remedy, repaired, failure }) {
      const outcome = failure === null ? remedy : `The repair failed: ${failure}`;
      console.log(`${severity}: ${message} ${repaired ? "Repaired." : outcome}`);
    },
    summary({ examined, bytesRead, found, repaired, left, bySeverity, bytesConcerned }) {
      const looked = Object.entries(examined).map(([what, count]) => counted(count, what.slice(0, -1), what));
      console.log(
        `Looked at ${looked.join(", ") || "nothing: there is none"}; read ${formatBytes(bytesRead)}.`,
      );
      if (found === 0) return console.log("Nothing is wrong.");
      const { damage, drift, leftover } = bySeverity;
      console.log(
        `Found ${found} (damage ${damage}, drift ${drift}, leftover ${leftover}; ${formatBytes(bytesConcerned)} concerned), repaired ${repaired}, left ${left}.`,
      );
    },
  };
}

/** One document, written as it comes: there may be more findings than fit into memory. */
function jsonWriter(): Writer {
  let separator = '{"findings":[\n';
  return {
    finding(finding) {
      process.stdout.write(separator + JSON.stringify(finding));
      separator = ",\n";
    },
    summary(summary) {
      const begin = separator === ",\n" ? "" : separator;
      process.stdout.write(`${begin}\n],"summary":${JSON.stringify(summary)}}\n`);
    },
  };
}
