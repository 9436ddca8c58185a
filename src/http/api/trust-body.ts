import { z } from "@hono/zod-openapi";
import { type ExpiryWarning, type TrustStatus, warningTime } from "../../trust/index.ts";
import { formatTime, time } from "./schemas.ts";

export const trustSchema = z
  .object({
    status: z.enum(["signed", "unsigned", "tampered", "expired"]),
    gun: z.string().optional().openapi({ description: "The name under which it is signed" }),
    digest: z.string().optional().openapi({ description: "What is signed; not what the tag points to" }),
    signers: z
      .array(
        z
          .object({
            role: z.string(),
            keys: z.array(z.string()).openapi({ description: "Ids of the keys that have signed" }),
            published_at: time,
          })
          .openapi("TrustSigner"),
      )
      .optional(),
    until: time.optional().openapi({ description: "Until when clients take the signatures" }),
    reason: z.string().optional().openapi({ description: "Why nothing can be said of it" }),
    warnings: z.array(z.string()).optional().openapi({ description: "What should be done soon" }),
  })
  .openapi("Trust");

export const expiryWarningSchema = z
  .object({
    gun: z.string(),
    repository_name: z.string(),
    role: z.string(),
    expires_at: time,
    message: z.string(),
  })
  .openapi("TrustWarning");

export function toTrustBody(status: TrustStatus, now: number): z.infer<typeof trustSchema> {
  if (status.state === "unsigned") return { status: "unsigned" };
  if ("reason" in status) return { status: "tampered", gun: status.gun, reason: status.reason };
  const { state, gun, digest, signers, until } = status;
  const warnings = state === "signed" && until < now + warningTime ? [endsSoon(until)] : [];
  return {
    status: state,
    gun,
    digest,
    signers: signers.map(({ role, keys, publishedAt }) => ({
      role,
      keys: [...keys],
      published_at: formatTime(publishedAt),
    })),
    until: formatTime(until),
    ...(warnings.length === 0 ? {} : { warnings }),
  };
}

export function toExpiryWarningBody(warning: ExpiryWarning): z.infer<typeof expiryWarningSchema> {
  return {
    gun: warning.gun,
    repository_name: warning.repository,
    role: warning.role,
    expires_at: formatTime(warning.expiresAt),
    message: warning.message,
  };
}

function endsSoon(until: number): string {
  return `The signatures end at ${formatTime(until)}. Sign it anew before that.`;
}
