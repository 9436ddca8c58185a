import type { z } from "@hono/zod-openapi";
import { errorsSchema } from "./schemas.ts";

const descriptions = {
  400: "The request is not valid.",
  401: "Authentication is required.",
  403: "The caller has no right to do this.",
  404: "The resource does not exist.",
  409: "The resource exists already.",
  412: "A precondition does not hold.",
} as const;

type ErrorStatus = keyof typeof descriptions;

/** The ways in which an endpoint refuses, for its documentation: they are thrown, never returned. */
export function refusals(...statuses: ErrorStatus[]) {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      { description: descriptions[status], content: { "application/json": { schema: errorsSchema } } },
    ]),
  );
}

export function json<T extends z.ZodType>(schema: T, description: string) {
  return { description, content: { "application/json": { schema } } };
}

export function body<T extends z.ZodType>(schema: T) {
  return { required: true, content: { "application/json": { schema } } };
}

/** Nothing but the status. */
export const done = { description: "Done." };

export const created = {
  description: "Created.",
  headers: { Location: { description: "The path of what was created", schema: { type: "string" as const } } },
};
