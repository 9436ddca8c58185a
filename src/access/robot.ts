import type { RobotPermission } from "./principal.ts";

export interface Robot {
  readonly id: number;
  /** As clients write it: `robot$ci`, or `robot$library+ci` for a project's. */
  readonly name: string;
  readonly level: "system" | "project";
  readonly projectId: number | null;
  readonly description: string;
  /** Days from its creation, -1 for never. */
  readonly duration: number;
  /** Milliseconds since 1970, as all times; null for never. */
  readonly expiresAt: number | null;
  readonly disabled: boolean;
  readonly creator: string;
  readonly permissions: readonly RobotPermission[];
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface RobotSettings {
  readonly description: string;
  readonly duration: number;
  readonly disabled: boolean;
  readonly permissions: readonly RobotPermission[];
}

export interface NewRobot extends RobotSettings {
  /** Without prefix and project. */
  readonly name: string;
  /** Whose it is; null for the system's. */
  readonly project: { readonly id: number; readonly name: string } | null;
}
