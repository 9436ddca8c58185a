import { z } from "zod";
import { BreakwaterError } from "../../kernel/index.ts";
import {
  certificateAdvice,
  labelOf,
  storageBroken,
  storageFailed,
  storageMisconfigured,
} from "../chunked/failures.ts";
import type { GcsOptions } from "./options.ts";

const refusal = z.object({
  error: z.object({
    message: z.string(),
    // Clients are shown it, and so it is a word and no more.
    errors: z.array(z.object({ reason: z.string().regex(/^[a-z]{1,40}$/i) })).optional(),
  }),
});

/** An answer of the service's that is a refusal. */
export class ServiceFailure extends Error {
  readonly status: number;
  /** Google's word for it, where it has one. */
  readonly code: string;

  constructor(status: number, answer: unknown) {
    const error = refusal.safeParse(answer).data?.error;
    super(error?.message);
    this.name = "ServiceFailure";
    this.status = status;
    this.code = error?.errors?.[0]?.reason ?? "refused";
  }
}

/** What our errors, those of Google's library and Node's have between them. */
interface Failure extends Error {
  readonly code?: string;
  readonly status?: number;
}

const limited: ReadonlySet<string | undefined> = new Set(["rateLimitExceeded", "userRateLimitExceeded"]);

/** True for a failure that may not be there at the next attempt. */
export function isTransient(error: unknown): boolean {
  if (error instanceof BreakwaterError || error instanceof TypeError || hasNoCredentials(error)) return false;
  const { status, code } = error as Failure;
  // Without an answer: the network, or a time limit of ours.
  if (status === undefined || limited.has(code)) return true;
  return (status >= 500 && status !== 501) || status === 429 || status === 408;
}

/** Of an object; a bucket that is missing is answered in the same way. */
export function isMissing(error: unknown): boolean {
  return error instanceof ServiceFailure && error.status === 404;
}

/** The range begins behind the object's last byte. */
export function isBeyondEnd(error: unknown): boolean {
  return error instanceof ServiceFailure && error.status === 416;
}

/** A failure for the client that asked. */
export function unavailable(error: unknown): BreakwaterError {
  if (error instanceof BreakwaterError) return error;
  return storageFailed(labelOf(error, (error as Failure).status), error);
}

/** A failure at the start, for the operator: which setting is wrong. */
export function misconfigured(error: unknown, options: GcsOptions): BreakwaterError {
  const cause = error instanceof BreakwaterError && error.cause !== undefined ? error.cause : error;
  const where = `the bucket "${options.bucket}" at ${options.endpoint}`;
  const advice = adviceFor(cause as Failure);
  return advice === undefined
    ? storageBroken(where, cause, (cause as Failure).status)
    : storageMisconfigured(where, advice, cause);
}

function adviceFor(failure: Failure): string | undefined {
  if (hasNoCredentials(failure)) {
    return "no credentials were found in the environment, the file of Google's tools or the machine's metadata. Set storage_service.gcs.keyfile, or give the machine a service account.";
  }
  if (failure instanceof ServiceFailure) return adviceForStatus(failure.status);
  switch (failure.code) {
    case "ENOTFOUND":
    case "ECONNREFUSED":
    case "ConnectionRefused":
      return `nothing answers there (${failure.code}). Let this machine reach it, or correct breakwater.gcs.endpoint.`;
    default:
      return certificateAdvice(failure.code);
  }
}

function adviceForStatus(status: number): string | undefined {
  switch (status) {
    case 404:
      return "there is no such bucket. Create it, or correct storage_service.gcs.bucket.";
    case 401:
      return "the service account's key is not taken: it was deleted, or this machine's clock is wrong. Set another storage_service.gcs.keyfile.";
    case 403:
      return "the service account may not read, write, list and remove objects there. Give it the role roles/storage.objectUser for the bucket, and look whether billing is on.";
    default:
      return undefined;
  }
}

/** The library has no code for it. */
function hasNoCredentials(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("Could not load the default credentials");
}
