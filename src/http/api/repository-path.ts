import { z } from "@hono/zod-openapi";
import { BreakwaterError } from "../../kernel/index.ts";

/** Where a project's repositories lie; here, unlike elsewhere, Harbor takes the project's name only. */
export const repositoriesPath = "/projects/{project_name}/repositories";
export const repositoryPath = `${repositoriesPath}/{repository_name}` as const;
export const artifactPath = `${repositoryPath}/artifacts/{reference}` as const;

export const projectNameParams = z.object({
  project_name: z.string().openapi({ description: "The name of the project" }),
});

export const repositoryParams = projectNameParams.extend({
  repository_name: z.string().transform(decodeAgain).openapi({
    type: "string",
    description: "The repository's name without the project; a slash in it is encoded twice, as %252F",
  }),
});

export const artifactParams = repositoryParams.extend({
  reference: z.string().openapi({ description: "A tag or digest of the artifact" }),
});

/** The whole name of the repository that a path names. */
export function fullName(params: z.output<typeof repositoryParams>): string {
  return `${params.project_name}/${params.repository_name}`;
}

/** The path of a repository, below the API's prefix. */
export function pathOf(fullName: string): string {
  const slash = fullName.indexOf("/");
  const repository = encodeURIComponent(encodeURIComponent(fullName.slice(slash + 1)));
  return `/projects/${fullName.slice(0, slash)}/repositories/${repository}`;
}

/** Harbor's clients encode a repository's name twice, because many servers and proxies decode once. */
function decodeAgain(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch (cause) {
    throw new BreakwaterError("BAD_REQUEST", "The repository's name is not encoded as a part of a URL.", {
      cause,
    });
  }
}
