import type { Access } from "../../access/index.ts";
import { BreakwaterError } from "../../kernel/index.ts";
import type { ScanKind } from "./media-types.ts";

/** What a scanner is given to pull an image with, until the scan has ended. */
export interface PullAccess extends AsyncDisposable {
  /** The value of an Authorization header. */
  readonly authorization: string;
}

/**
 * Lends a scanner a robot for one repository. `Basic` is what every adapter takes; `Bearer` is a token, of adapters that
 * ask for one. `run` names the robot: one that a process that died has left is replaced.
 */
export async function lendPullAccess(
  access: Pick<Access, "temporaryRobots" | "tokens" | "robots">,
  run: string,
  repository: string,
  kind: ScanKind,
  how: "Basic" | "Bearer",
  lifetime: number,
): Promise<PullAccess> {
  const { temporaryRobots, tokens, robots } = access;
  const name = `scan-${run}`;
  const actions = ["pull", "scanner-pull", ...(kind === "sbom" ? ["push"] : [])];
  const permissions = actions.map((action) => ({
    kind: "project" as const,
    namespace: repository,
    resource: "repository",
    action,
  }));
  const robot = await temporaryRobots.lend(name, permissions, lifetime);
  const authorization = async () => {
    if (how === "Basic") return `Basic ${Buffer.from(`${robot.name}:${robot.secret}`).toString("base64")}`;
    const account = await robots.account(robot.id);
    if (account === null) throw new BreakwaterError("UNKNOWN", "The scanner's robot is gone.");
    const { token } = await tokens.issue(account.principal, [
      { type: "repository", name: repository, actions },
    ]);
    return `Bearer ${token}`;
  };
  return {
    authorization: await authorization(),
    [Symbol.asyncDispose]: () => temporaryRobots.takeBack(name),
  };
}
