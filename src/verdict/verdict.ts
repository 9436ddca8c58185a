import type { TrustStatus } from "../trust/index.ts";
import type { PullPolicy } from "./policy.ts";
import type { ScanObstacle } from "./scan-obstacles.ts";

/** What content trust has against a pull. */
export interface TrustObstacle {
  readonly kind: "unsigned" | "tampered" | "expired" | "signer-missing";
  readonly message: string;
}

/** Why something may not be pulled. `message` is a sentence for people, with what would lift it. */
export type Obstacle = TrustObstacle | ScanObstacle;

/** May an artifact be pulled, and if not, everything that stands in its way. */
export interface Verdict {
  readonly allowed: boolean;
  readonly obstacles: readonly Obstacle[];
  /** Seconds for which a pull waits for the scan that is under way, which may lift all of it; 0 for not at all. */
  readonly wait: number;
}

export const allowed: Verdict = { allowed: true, obstacles: [], wait: 0 };

/** What a project's content trust makes of an artifact's signatures. `what` names it: `library/alpine:3.10`. */
export function judgeTrust(what: string, status: TrustStatus, policy: TrustPolicy): Verdict {
  if (!policy.contentTrust) return allowed;
  const obstacles = [...obstaclesOf(what, status, policy)];
  return obstacles.length === 0 ? allowed : { allowed: false, obstacles, wait: 0 };
}

/** What two looks at one artifact come to. A wait for the one does not help where the other forbids it for good. */
export function both(one: Verdict, other: Verdict): Verdict {
  if (one.allowed) return other;
  if (other.allowed) return one;
  const wait = one.wait > 0 && other.wait > 0 ? Math.max(one.wait, other.wait) : 0;
  return { allowed: false, obstacles: [...one.obstacles, ...other.obstacles], wait };
}

type TrustPolicy = Pick<PullPolicy, "contentTrust" | "signers">;

function* obstaclesOf(what: string, status: TrustStatus, policy: TrustPolicy): Iterable<TrustObstacle> {
  switch (status.state) {
    case "unsigned":
      yield {
        kind: "unsigned",
        message: `Nobody has signed ${what}. Sign it, for example by "docker trust sign", or pull what is signed.`,
      };
      return;
    case "tampered":
      yield {
        kind: "tampered",
        message:
          "reason" in status
            ? `The trust data of ${what} is not what anybody signed (${status.reason}). Ask whoever holds the keys to publish it anew.`
            : `${what} is not what was signed: ${signerNames(status.signers)} signed ${status.digest}. Find out who pushed over it; the signed image can be pulled by that digest.`,
      };
      return;
    case "expired":
      yield {
        kind: "expired",
        message: `The signatures of ${what} ended at ${new Date(status.until).toISOString()}. Ask ${signerNames(status.signers)} to sign it anew.`,
      };
      return;
    case "signed":
      for (const wanted of policy.signers) {
        const signed = status.signers.some(({ role, keys }) => role === wanted || keys.includes(wanted));
        if (!signed) {
          yield {
            kind: "signer-missing",
            message: `The project demands the signature of ${wanted}; ${what} is signed by ${signerNames(status.signers)} only. Ask for that signature, or pull what has it.`,
          };
        }
      }
  }
}

function signerNames(signers: readonly { readonly role: string }[]): string {
  return signers.map(({ role }) => role).join(", ") || "nobody";
}
