import { z } from "@hono/zod-openapi";
import type { ProjectKey } from "../../projects/index.ts";

/** Harbor's error body. */
export const errorsSchema = z
  .object({ errors: z.array(z.object({ code: z.string(), message: z.string() })) })
  .openapi("Errors");

/** A whole number in a path or query. */
export function wholeNumber(description: string) {
  return z
    .string()
    .regex(/^\d{1,15}$/, "expected a whole number")
    .transform(Number)
    .openapi({ type: "integer", description });
}

/** True for what Go's clients write for it. */
export function isTrue(text: string | undefined): boolean {
  return text !== undefined && /^(?:true|1|t)$/i.test(text);
}

/** `true` or `false` in a query. */
export function flag(description: string) {
  return z
    .string()
    .regex(/^(?:true|false|1|0|t|f)$/i, "expected true or false")
    .transform(isTrue)
    .openapi({ type: "boolean", description });
}

export const time = z.string().openapi({ format: "date-time" });

/** Milliseconds since 1970 as Harbor writes times. */
export function formatTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

export const projectParams = z.object({
  project_name_or_id: z.string().openapi({ description: "The name or id of the project" }),
});

export const projectHeaders = z.object({
  "x-is-resource-name": z.string().optional().openapi({
    type: "boolean",
    description: "Whether project_name_or_id is a name even when it is a number",
  }),
});

/** The project that a path names: by its id where it is a number, unless the header says that it is a name. */
export function projectKey(
  { project_name_or_id: text }: z.infer<typeof projectParams>,
  headers: z.infer<typeof projectHeaders>,
): ProjectKey {
  const isName = isTrue(headers["x-is-resource-name"]);
  return !isName && /^\d{1,15}$/.test(text) ? { id: Number(text) } : { name: text };
}

/** Amounts by the name of what is counted: only `storage`, in bytes. */
export const resourceList = z.object({ storage: z.number().int() }).openapi("ResourceList");
