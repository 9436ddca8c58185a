import type { Caller } from "../kernel/index.ts";

/** One thing a robot may do: `resource` and `action` as Harbor names them, in a project or in the system. */
export interface RobotPermission {
  readonly kind: "system" | "project";
  /** A project's name, `*` for every project, `/` for the system. */
  readonly namespace: string;
  readonly resource: string;
  readonly action: string;
}

export interface UserPrincipal {
  readonly kind: "user";
  readonly id: number;
  readonly name: string;
  readonly admin: boolean;
}

export interface RobotPrincipal {
  readonly kind: "robot";
  readonly id: number;
  /** As the client writes it, with its prefix: `robot$ci`, `robot$library+ci`. */
  readonly name: string;
  readonly permissions: readonly RobotPermission[];
}

/** Whoever a request was authenticated as. */
export type Principal = UserPrincipal | RobotPrincipal | { readonly kind: "anonymous" };

export const anonymous: Principal = { kind: "anonymous" };

/** An account as it stands in the database. */
export interface Account<P extends UserPrincipal | RobotPrincipal = UserPrincipal | RobotPrincipal> {
  readonly principal: P;
  /** The stored hash that a password or secret was held against: once it changes, that proof is void. */
  readonly proof: string;
  /** From when on the account may do nothing, in milliseconds since 1970; null for never. */
  readonly expiresAt: number | null;
}

/** What principals and verified tokens have in common. */
export type Named =
  | { readonly kind: "anonymous" }
  | { readonly kind: "user" | "robot" | "anonymous"; readonly name: string };

export function principalName(who: Named): string {
  return "name" in who ? who.name : "anonymous";
}

/** A principal, or the bearer of a verified token, as the audit log names it. */
export function callerOf(who: Named, address: string, requestId: string): Caller {
  return { kind: who.kind, name: principalName(who), address, requestId };
}
