import { z } from "zod";
import { second } from "../kernel/index.ts";

/** One entry of a token's `access` claim (distribution, docs/spec/auth/jwt). */
export interface TokenAccess {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

const claims = z.object({
  sub: z.string(),
  exp: z.number(),
  kind: z.enum(["user", "robot", "anonymous"]),
  id: z.int().optional(),
  access: z.array(z.object({ type: z.string(), name: z.string(), actions: z.array(z.string()) })),
});

/** What an authentic token says, laid out for the question that each request asks. */
export class VerifiedToken {
  readonly kind: "user" | "robot" | "anonymous";
  /** The user's or robot's full name, `anonymous` for nobody's. */
  readonly name: string;
  /** The user's or robot's number; null for nobody's. */
  readonly id: number | null;
  /** Whom an upload belongs to: `user:7`, `robot:3`, `anonymous`. Unlike a name it never passes to somebody else. */
  readonly subject: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** True when the token is for listing repositories; which of them is for the catalog to find out. */
  readonly catalog: boolean;
  /** What it costs to remember it: some characters. */
  readonly weight: number;
  readonly #repositories: ReadonlyMap<string, ReadonlySet<string>>;

  private constructor(given: z.infer<typeof claims>, length: number) {
    this.kind = given.kind;
    this.name = given.kind === "anonymous" ? "anonymous" : given.sub;
    this.id = given.id ?? null;
    this.subject = this.id === null ? given.kind : `${given.kind}:${this.id}`;
    this.expiresAt = given.exp * second;
    this.catalog = given.access.some(({ type, name }) => type === "registry" && name === "catalog");
    // The text itself, and the claims parsed from it.
    this.weight = 3 * length;
    this.#repositories = new Map(
      given.access
        .filter(({ type }) => type === "repository")
        .map(({ name, actions }) => [name, new Set(actions)]),
    );
  }

  /** From the claims of an authentic token of `length` characters; null when they are not such as we issue. */
  static parse(payload: unknown, length: number): VerifiedToken | null {
    const parsed = claims.safeParse(payload);
    if (!parsed.success) return null;
    if ((parsed.data.kind === "anonymous") !== (parsed.data.id === undefined)) return null;
    return new VerifiedToken(parsed.data, length);
  }

  /** True when the token lets its bearer do `action` (pull, push, delete) in the repository. */
  allows(repository: string, action: string): boolean {
    return this.#repositories.get(repository)?.has(action) ?? false;
  }
}
