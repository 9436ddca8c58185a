import { BreakwaterError } from "../../kernel/index.ts";
import {
  certificateAdvice,
  labelOf,
  storageBroken,
  storageFailed,
  storageFull,
  storageMisconfigured,
} from "../chunked/failures.ts";
import type { AzureOptions } from "./options.ts";

/** What the library's errors and Node's have between them. */
interface Failure extends Error {
  readonly code?: string;
  readonly statusCode?: number;
  /** Of an answer without a body, to HEAD, the code is in its headers alone. */
  readonly details?: { readonly errorCode?: string };
}

/** The service's code, or the network's. */
function codeOf(error: unknown): string | undefined {
  const { code, details } = error as Failure;
  return code ?? details?.errorCode;
}

/** True for a failure that may not be there at the next attempt. */
export function isTransient(error: unknown): boolean {
  if (error instanceof BreakwaterError || error instanceof TypeError) return false;
  const status = (error as Failure).statusCode;
  // Without an answer: the network, or a time limit of ours.
  if (status === undefined || codeOf(error) === "PendingCopyOperation") return true;
  // A success that is none to the library: something on the way answered by itself.
  if (status < 300) return true;
  return (status >= 500 && status !== 501 && status !== 507) || status === 429 || status === 408;
}

export function isMissing(error: unknown): boolean {
  return (error as Failure).statusCode === 404 && codeOf(error) !== "ContainerNotFound";
}

/** The range begins behind the blob's last byte. */
export function isBeyondEnd(error: unknown): boolean {
  return (error as Failure).statusCode === 416;
}

/** The service does not know the operation. */
export function isUnsupported(error: unknown): boolean {
  const status = (error as Failure).statusCode;
  return status === 501 || status === 405;
}

/** A blob of another kind lies there: Docker Distribution keeps what it uploaded in append blobs. */
export function isOtherKind(error: unknown): boolean {
  return codeOf(error) === "InvalidBlobType";
}

/** Another writer of the same blob was done first, whereupon the service threw away our blocks. */
export function isOvertaken(error: unknown): boolean {
  return codeOf(error) === "InvalidBlockList";
}

/** A failure for the client that asked. */
export function unavailable(error: unknown): BreakwaterError {
  if (error instanceof BreakwaterError) return error;
  const { statusCode } = error as Failure;
  return statusCode === 507 ? storageFull(error) : storageFailed(labelOf(error, statusCode), error);
}

/** A failure at the start, for the operator: which setting is wrong. */
export function misconfigured(error: unknown, options: AzureOptions): BreakwaterError {
  const cause = error instanceof BreakwaterError && error.cause !== undefined ? error.cause : error;
  const { account, container, endpoint } = options;
  const where = `the container "${container}" of the account "${account}" at ${endpoint}`;
  const advice = adviceFor(codeOf(cause));
  return advice === undefined
    ? storageBroken(where, cause, (cause as Failure).statusCode)
    : storageMisconfigured(where, advice, cause);
}

function adviceFor(code: string | undefined): string | undefined {
  switch (code) {
    case "ContainerNotFound":
    case "InvalidResourceName":
      return "there is no such container. Create it, or correct storage_service.azure.container.";
    case "AuthenticationFailed":
    case "KeyBasedAuthenticationNotPermitted":
      return "the key is not the account's, or keys are switched off for it. Correct storage_service.azure.accountkey.";
    case "AuthorizationFailure":
      return "the account refuses the key, or its firewall this machine. Correct storage_service.azure.accountkey, or allow the address.";
    case "AuthorizationPermissionMismatch":
    case "InsufficientAccountPermissions":
      return "the key may not read, write, list and remove blobs.";
    case "AccountIsDisabled":
      return "the account is disabled.";
    case "ResourceNotFound":
    case "InvalidUri":
      return "there is no such account. Correct storage_service.azure.accountname.";
    case "ENOTFOUND":
      return "no host has this name. Correct storage_service.azure.accountname, realm or serviceurl.";
    case "ECONNREFUSED":
    case "ConnectionRefused":
      return `nothing answers there (${code}). Correct storage_service.azure.serviceurl, or start the service.`;
    default:
      return certificateAdvice(code);
  }
}
