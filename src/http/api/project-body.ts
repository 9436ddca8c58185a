import { z } from "@hono/zod-openapi";
import type { Principal } from "../../access/index.ts";
import { highestRole, type Metadata, type Project, type Rights } from "../../projects/index.ts";
import { formatTime, time } from "./schemas.ts";

const setting = z.string().nullish();

/** A project's settings as clients write them; those of proxy projects, which there are none of, are left out. */
export const metadataSchema = z
  .object({
    public: z.string().optional(),
    enable_content_trust: setting,
    enable_content_trust_cosign: setting,
    content_trust_signers: setting,
    prevent_vul: setting,
    severity: setting,
    scan_missing: setting,
    scan_wait_seconds: setting,
    scan_max_age_days: setting,
    scan_unknown_severity: setting,
    vex_trusted: setting,
    auto_scan: setting,
    auto_sbom_generation: setting,
    reuse_sys_cve_allowlist: setting,
    retention_id: setting,
  })
  .openapi("ProjectMetadata");

export const allowlistSchema = z
  .object({
    id: z.number().int().optional(),
    project_id: z.number().int().optional(),
    expires_at: z.number().int().nullish(),
    items: z
      .array(z.object({ cve_id: z.string().max(128) }).openapi("CVEAllowlistItem"))
      .max(10_000)
      .nullish(),
    creation_time: time.optional(),
    update_time: time.optional(),
  })
  .openapi("CVEAllowlist");

export const projectSchema = z
  .object({
    project_id: z.number().int(),
    owner_id: z.number().int(),
    owner_name: z.string(),
    name: z.string(),
    creation_time: time,
    update_time: time,
    current_user_role_id: z.number().int().optional(),
    current_user_role_ids: z.array(z.number().int()).optional(),
    repo_count: z.number().int(),
    metadata: metadataSchema,
    cve_allowlist: allowlistSchema,
  })
  .openapi("Project");

/** The project as the principal sees it: with their own roles in it. */
export async function toProjectBody(
  project: Project,
  principal: Principal,
  rights: Rights,
): Promise<z.infer<typeof projectSchema>> {
  const roles = await rights.rolesOf(principal, project.id);
  const highest = highestRole(roles);
  const creation_time = formatTime(project.createdAt);
  const update_time = formatTime(project.updatedAt);
  return {
    project_id: project.id,
    owner_id: project.ownerId,
    owner_name: project.ownerName,
    name: project.name,
    creation_time,
    update_time,
    ...(highest === undefined ? {} : { current_user_role_id: highest, current_user_role_ids: [...roles] }),
    repo_count: project.repositoryCount,
    metadata: project.metadata,
    cve_allowlist: {
      id: project.id,
      project_id: project.id,
      expires_at: project.allowlist.expiresAt,
      items: project.allowlist.cveIds.map((cve_id) => ({ cve_id })),
      creation_time,
      update_time,
    },
  };
}

/** The settings that are given, without those that are null. */
export function toMetadata(body: z.infer<typeof metadataSchema> | null | undefined): Metadata {
  const given = Object.entries(body ?? {}).filter((entry): entry is [string, string] => entry[1] != null);
  return Object.fromEntries(given);
}
