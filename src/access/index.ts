export { type Access, type AccessOptions, createAccess } from "./access.ts";
export type { Client, Credentials } from "./credentials.ts";
export {
  anonymous,
  callerOf,
  type Named,
  type Principal,
  principalName,
  type RobotPermission,
} from "./principal.ts";
export type { NewRobot, Robot, RobotSettings } from "./robot.ts";
export type { Robots } from "./robots.ts";
export { generateSecret } from "./secrets.ts";
export type { Session, Sessions } from "./sessions.ts";
export type { TemporaryRobot, TemporaryRobots } from "./temporary-robots.ts";
export type { IssuedToken, Tokens, Verification } from "./tokens.ts";
export type { Profile } from "./user-rules.ts";
export type { User } from "./user-store.ts";
export type { NewUser, Users } from "./users.ts";
export type { TokenAccess, VerifiedToken } from "./verified-token.ts";
