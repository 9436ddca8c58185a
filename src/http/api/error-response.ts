import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { BreakwaterError } from "../../kernel/index.ts";
import { statusOf, toResponse } from "../errors.ts";
import type { ApiEnv } from "./request.ts";

/**
 * A refusal as an answer, with the headers that were set before it. Failures of the server are thrown on: the
 * listener reports them.
 */
export function answerError(error: unknown, c: Context<ApiEnv>): Response {
  const refusal = error instanceof HTTPException && error.status < 500 ? ofHono(error) : error;
  if (!(refusal instanceof BreakwaterError) || statusOf(refusal.code) >= 500) throw refusal;
  return toResponse(refusal, c.env.requestId, Object.fromEntries(c.res.headers));
}

/** What Hono refuses by itself: a body that is not JSON, or is not said to be. */
function ofHono(error: HTTPException): BreakwaterError {
  const message =
    error.status === 415
      ? "The body must be JSON, and Content-Type must say application/json."
      : "The body is not valid JSON.";
  return new BreakwaterError("BAD_REQUEST", message, { cause: error });
}
