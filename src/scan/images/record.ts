import type { AuditEvent, ImageBecameVulnerable } from "../../events/index.ts";

/** Vulnerabilities that a record names. */
const named = 5;

/** What the audit log says of an image that became vulnerable. */
export function recordOf(event: ImageBecameVulnerable): AuditEvent {
  const { repository, projectId, digest, tags, pulledAt, count, vulnerabilities } = event;
  const shown = vulnerabilities
    .slice(0, named)
    .map(({ id, severity, package: name, version }) => `${id} (${severity}) in ${name} ${version}`);
  const more = count > shown.length ? [`${count - shown.length} more`] : [];
  const where = tags.length === 0 ? "" : ` It is tagged ${tags.slice(0, named).join(", ")}.`;
  return {
    operation: "vulnerable",
    resourceType: "artifact",
    resource: `${repository}@${digest}`,
    projectId,
    detail: `New since it was last looked at: ${[...shown, ...more].join(", ")}. It was last pulled at ${new Date(pulledAt).toISOString()}.${where}`,
  };
}
