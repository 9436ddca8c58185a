import type { Services } from "../serve/index.ts";
import type { PublishedTrust } from "../trust/index.ts";
import type { Assessment } from "../verdict/index.ts";
import { counted } from "./format.ts";
import { openInstallation } from "./installation.ts";
import { tableLines } from "./table.ts";
import { count, type TrustOptions } from "./trust-list.ts";
import { findRepository, formatDay, splitReference } from "./trust-names.ts";

export async function inspect(text: string, options: TrustOptions): Promise<void> {
  await using installation = await openInstallation(options);
  const { name, reference } = splitReference(text);
  if (reference === null) await inspectRepository(installation.services, name, options);
  else await inspectArtifact(installation.services, name, reference, options);
}

async function inspectArtifact(
  services: Services,
  name: string,
  reference: NonNullable<ReturnType<typeof splitReference>["reference"]>,
  { json }: TrustOptions,
): Promise<void> {
  const { id, digest, repository } = await services.registry.artifacts.find(
    (await findRepository(services, name)).name,
    reference.text,
  );
  const tag = reference.isTag ? reference.text : null;
  const tags = tag === null ? [] : [{ name: tag }];
  const assessed = await services.verdicts.ofArtifact(repository, { id, digest, tags });
  const assessment = (tag === null ? null : assessed.tags.get(tag)) ?? assessed;
  if (assessment.status.state !== "signed") process.exitCode = 1;
  if (json) {
    const { toTrustBody, toVerdictBody } = await import("../http/index.ts");
    const trust = toTrustBody(assessment.status, Date.now());
    const verdict = toVerdictBody(assessment.verdict);
    return console.log(JSON.stringify({ repository: repository.name, tag, digest, trust, verdict }));
  }
  const shown = tag === null ? `${repository.name}@${digest}` : `${repository.name}:${tag}`;
  console.log([shown, ...tableLines(describeArtifact(digest, assessment))].join("\n"));
}

function describeArtifact(digest: string, { status, verdict }: Assessment): string[][] {
  const rows = [
    ["  status", status.state],
    ["  points to", digest],
  ];
  if ("reason" in status) rows.push(["  reason", status.reason]);
  if ("signers" in status) {
    rows.push(
      ["  signed", status.digest],
      ["  as", status.gun],
      ["  until", new Date(status.until).toISOString()],
    );
    for (const { role, keys, publishedAt } of status.signers) {
      rows.push(["  by", `${role}, published ${new Date(publishedAt).toISOString()}`]);
      for (const key of keys) rows.push(["", `  key ${key}`]);
    }
  }
  rows.push(["  pull", verdict.allowed ? "allowed" : "refused"]);
  for (const { message } of verdict.obstacles) rows.push(["", message]);
  return rows;
}

async function inspectRepository(services: Services, name: string, { json }: TrustOptions): Promise<void> {
  const repository = await findRepository(services, name);
  const { overview } = services.trust;
  const published = await overview.published(repository.name);
  const tags = await count(overview, repository.name);
  if (tags.tampered + tags.expired > 0) process.exitCode = 1;
  if (json)
    return console.log(
      JSON.stringify({ repository: repository.name, tags, published: published.map(toBody) }),
    );
  const states = Object.entries(tags).filter(([, count]) => count > 0);
  console.log(
    `${repository.name}: ${states.map(([state, count]) => `${counted(count, "tag")} ${state}`).join(", ") || "no tags"}`,
  );
  if (published.length === 0) console.log("Nobody has published trust data of it.");
  for (const one of published) console.log(describePublished(one).join("\n"));
}

function describePublished(published: PublishedTrust): string[] {
  if ("broken" in published) return [`${published.gun}: not what anybody signed: ${published.broken}`];
  const rows = published.roles.map(({ role, keys, expiresAt, targets }) => [
    `  ${role}`,
    formatDay(expiresAt),
    role === "root" ? "" : String(targets),
    keys.map((key) => key.slice(0, 12)).join(", "),
  ]);
  return [published.gun, ...tableLines([["  ROLE", "EXPIRES", "TARGETS", "KEYS"], ...rows])];
}

function toBody(published: PublishedTrust) {
  if ("broken" in published) return { gun: published.gun, reason: published.broken };
  const roles = published.roles.map(({ role, keys, expiresAt, targets }) => ({
    role,
    keys,
    expires_at: new Date(expiresAt).toISOString(),
    targets,
  }));
  return { gun: published.gun, roles };
}
