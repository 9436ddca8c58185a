import type { AuditEvent, TagAlarm, TrustAlarm } from "../../events/index.ts";
import { expiryMessage } from "./expiry-message.ts";

/** Tags of one alarm that get a record of their own; the others share one. */
const maxRecords = 20;
/** Tags that a record of several names. */
const maxNames = 10;

type Told = Omit<AuditEvent, "projectId">;

/** What the audit log says of an alarm. */
export function recordsOf(alarm: TrustAlarm): readonly Told[] {
  if (alarm.kind === "expiring") {
    const { gun, role, expiresAt } = alarm;
    return [
      {
        operation: "expiring",
        resourceType: "trust",
        resource: gun,
        detail: expiryMessage(role, expiresAt),
      },
    ];
  }
  const { kind, repository, tags, reason } = alarm;
  if (kind === "tampered" && reason === null) {
    const own = tags.slice(0, maxRecords).map(({ name, digest, signed, signers }) => ({
      operation: kind,
      resourceType: "tag",
      resource: `${repository}:${name}`,
      detail: `The tag points to ${digest}; ${signers.join(", ")} signed ${signed}.`,
    }));
    const others = tags.length - own.length;
    if (others === 0) return own;
    const detail = `${others} more tags point to something else than what is signed.`;
    return [...own, { operation: kind, resourceType: "repository", resource: repository, detail }];
  }
  const [only] = tags;
  const one = tags.length === 1 && only !== undefined;
  const resource = one ? `${repository}:${only.name}` : repository;
  return [{ operation: kind, resourceType: one ? "tag" : "repository", resource, detail: sentence(alarm) }];
}

function sentence({ kind, tags, reason }: TagAlarm): string {
  const names = tags.slice(0, maxNames).map(({ name }) => name);
  const more = tags.length > names.length ? [`${tags.length - names.length} more`] : [];
  const all = [...names, ...more].join(", ");
  if (reason !== null)
    return `The trust data is not what anybody signed (${reason}): of ${all} nothing is known.`;
  return kind === "expired"
    ? `The signatures have ended: ${all}.`
    : `As signed again, or no longer signed at all: ${all}.`;
}
