import type { Trust, TrustStatus } from "../trust/index.ts";
import type { ConfigurationOptions } from "./configuration.ts";
import { openInstallation } from "./installation.ts";
import { tableLines } from "./table.ts";
import { findRepository, formatDay } from "./trust-names.ts";

export interface TrustOptions extends ConfigurationOptions {
  readonly json?: boolean;
}

type Counts = Record<TrustStatus["state"], number>;

interface ListOptions extends TrustOptions {
  readonly all?: boolean;
}

export async function list(repository: string | undefined, options: ListOptions): Promise<void> {
  await using installation = await openInstallation(options);
  const { config, services } = installation;
  if (repository === undefined) await listRepositories(services.trust, config.dataVolume, options);
  else await listTags(services.trust, (await findRepository(services, repository)).name, options);
}

async function listRepositories(
  { overview }: Trust,
  dataVolume: string,
  { all = false, json }: ListOptions,
): Promise<void> {
  const found: { name: string; tags: Counts }[] = [];
  const names = await overview.repositories();
  const others = all ? await overview.taggedRepositories() : [];
  for (const name of [...new Set([...names, ...others])].sort())
    found.push({ name, tags: await count(overview, name) });
  if (found.some(({ tags }) => tags.tampered + tags.expired > 0)) process.exitCode = 1;
  if (json) return console.log(JSON.stringify({ repositories: found }));
  if (found.length === 0) return console.log(nothing(all, dataVolume));
  const rows = found.map(({ name, tags }) => [
    name,
    ...[tags.signed, tags.unsigned, tags.tampered, tags.expired].map(String),
  ]);
  console.log(tableLines([["REPOSITORY", "SIGNED", "UNSIGNED", "TAMPERED", "EXPIRED"], ...rows]).join("\n"));
}

/** Names the installation: who forgets --config is told of another one. */
function nothing(all: boolean, dataVolume: string): string {
  const what = all ? "There are no tags" : "Nobody has published trust data";
  return `${what} in the registry in ${dataVolume}.`;
}

/** How many of a repository's tags have each status. */
export async function count(overview: Trust["overview"], repository: string): Promise<Counts> {
  const counts: Counts = { signed: 0, unsigned: 0, tampered: 0, expired: 0 };
  for await (const page of overview.tags(repository)) for (const { status } of page) counts[status.state]++;
  return counts;
}

async function listTags({ overview }: Trust, repository: string, { json }: TrustOptions): Promise<void> {
  const { toTrustBody } = await import("../http/index.ts");
  const tags = (await Array.fromAsync(overview.tags(repository))).flat();
  if (tags.some(({ status }) => status.state === "tampered" || status.state === "expired")) {
    process.exitCode = 1;
  }
  if (json) {
    const now = Date.now();
    const bodies = tags.map(({ tag, digest, status }) => ({
      name: tag,
      digest,
      signed: status.state === "signed",
      trust: toTrustBody(status, now),
    }));
    return console.log(JSON.stringify({ repository, tags: bodies }));
  }
  if (tags.length === 0) return console.log(`The repository "${repository}" has no tags.`);
  const rows = tags.map(({ tag, digest, status }) => [tag, status.state, digest, ...ends(status)]);
  console.log(tableLines([["TAG", "STATUS", "DIGEST", "SIGNERS", "UNTIL"], ...rows]).join("\n"));
}

function ends(status: TrustStatus): readonly string[] {
  if (!("signers" in status)) return ["", ""];
  return [status.signers.map(({ role }) => role).join(", "), formatDay(status.until)];
}
