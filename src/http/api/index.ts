import { OpenAPIHono, type z } from "@hono/zod-openapi";
import { bodyLimit } from "hono/body-limit";
import { BreakwaterError } from "../../kernel/index.ts";
import { addArtifact } from "./artifact.ts";
import { addArtifactAccessories } from "./artifact-accessories.ts";
import { addArtifactLabels } from "./artifact-labels.ts";
import { addArtifactSbom } from "./artifact-sbom.ts";
import { addArtifactScan } from "./artifact-scan.ts";
import { addArtifactTags } from "./artifact-tags.ts";
import { addArtifactVulnerabilities } from "./artifact-vulnerabilities.ts";
import { addArtifacts } from "./artifacts.ts";
import { addAuditLogs } from "./audit-logs.ts";
import { addConfigurations } from "./configurations.ts";
import { addCveAllowlist } from "./cve-allowlist.ts";
import { ignoreEmptyBody } from "./empty-body.ts";
import { answerError } from "./error-response.ts";
import { addExceptions } from "./exceptions.ts";
import { addGc } from "./gc.ts";
import { addGcSchedule } from "./gc-schedule.ts";
import { addHealth } from "./health.ts";
import { addLabels } from "./labels.ts";
import { addMembers } from "./members.ts";
import { createNotFound } from "./not-found.ts";
import { addOpenApi } from "./openapi.ts";
import { addPermissions } from "./permissions.ts";
import { addPing } from "./ping.ts";
import { addProject } from "./project.ts";
import { addProjectArtifacts } from "./project-artifacts.ts";
import { addProjectMetadata } from "./project-metadata.ts";
import { addProjectRobots } from "./project-robots.ts";
import { addProjectScanner } from "./project-scanner.ts";
import { addProjectSummary } from "./project-summary.ts";
import { addProjects } from "./projects.ts";
import { addQuotas } from "./quotas.ts";
import { addRepositories } from "./repositories.ts";
import { addRepository } from "./repository.ts";
import type { Api, ApiEnv } from "./request.ts";
import { addRobot } from "./robot.ts";
import { addRobots } from "./robots.ts";
import { addScanAll } from "./scan-all.ts";
import { addScanMetrics } from "./scan-metrics.ts";
import { addScanner } from "./scanner.ts";
import { addScanners } from "./scanners.ts";
import { addSearch } from "./search.ts";
import { addSecurity } from "./security.ts";
import type { ApiServices } from "./services.ts";
import { addStatistics } from "./statistics.ts";
import { addSystemInfo } from "./system-info.ts";
import { addTrustWarnings } from "./trust-warnings.ts";
import { addUserCredentials } from "./user-credentials.ts";
import { addUsers } from "./users.ts";
import { addCurrentUser } from "./users-current.ts";
import { addUserSearch } from "./users-search.ts";
import { addVex } from "./vex.ts";
import { addVulnerabilityDatabase } from "./vulnerability-database.ts";

export type { Api, ApiEnv } from "./request.ts";
export type { ApiServices, ApiSettings, HealthCheck } from "./services.ts";

/** Bytes of a request's body. */
const maxBody = 1024 * 1024;

/** Where Harbor's clients look for the API. */
const prefix = "/api/v2.0";

/** Fixed paths come before those that a parameter would match too: `/users/current` before `/users/{user_id}`. */
const resources: readonly ((api: Api, services: ApiServices) => void)[] = [
  addPing,
  addHealth,
  addSystemInfo,
  addConfigurations,
  addStatistics,
  addSecurity,
  addSearch,
  addPermissions,
  addCurrentUser,
  addUserSearch,
  addUsers,
  addUserCredentials,
  addProjects,
  addProject,
  addProjectSummary,
  addProjectMetadata,
  addProjectScanner,
  addMembers,
  addRobots,
  addRobot,
  addProjectRobots,
  addLabels,
  addQuotas,
  addAuditLogs,
  addRepositories,
  addRepository,
  addArtifacts,
  addArtifactVulnerabilities,
  addArtifactSbom,
  addArtifact,
  addArtifactScan,
  addArtifactTags,
  addArtifactLabels,
  addArtifactAccessories,
  addProjectArtifacts,
  addTrustWarnings,
  addCveAllowlist,
  addExceptions,
  addVex,
  addScanners,
  addScanner,
  addScanAll,
  addScanMetrics,
  addVulnerabilityDatabase,
  addGcSchedule,
  addGc,
];

/** Harbor's REST API v2.0 under its own paths. The listener gives each request's origin as Hono's bindings. */
export function createApi(services: ApiServices): Api {
  const api: Api = new OpenAPIHono<ApiEnv>({ strict: false });
  for (const add of resources) add(api, services);

  const app: Api = new OpenAPIHono<ApiEnv>({ strict: false, defaultHook: refuseInvalid });
  app.use(bodyLimit({ maxSize: maxBody, onError: refuseLarge }));
  app.use(ignoreEmptyBody);
  app.route(prefix, api);
  addOpenApi(app, `${prefix}/openapi.json`, services);
  app.onError(answerError);
  app.notFound(createNotFound(app));
  return app;
}

function refuseInvalid(
  result: { success: true } | { success: false; error: z.ZodError; target: string },
): void {
  if (result.success) return;
  const [issue] = result.error.issues;
  const where = result.target === "json" ? "body" : result.target;
  const field = issue === undefined || issue.path.length === 0 ? "" : `${issue.path.join(".")} `;
  throw new BreakwaterError("BAD_REQUEST", `${field}in the ${where} is not valid: ${issue?.message ?? ""}`);
}

function refuseLarge(): never {
  throw new BreakwaterError("BAD_REQUEST", `The body is larger than ${maxBody} bytes.`);
}
