export { anonymous, callerOf, type Principal, principalName, type RobotPermission } from "./principal.ts";
