/** Who asks, from where, in which request: what an operation needs for its audit record. */
export interface Caller {
  readonly kind: "user" | "robot" | "anonymous" | "system";
  /** The user's or robot's full name (`robot$ci`), or `anonymous`. */
  readonly name: string;
  readonly address: string;
  readonly requestId: string;
}

/** The server itself, for what it does by schedule. */
export const systemCaller: Caller = { kind: "system", name: "system", address: "", requestId: "" };
