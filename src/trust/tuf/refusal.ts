/** Which kind of rule the metadata broke. */
export type TufRule =
  /** Not JSON of the expected shape, or beyond the bounds that hostile input is held to. */
  | "malformed"
  /** TUF specification 1.0, section 4: the document contradicts itself. */
  | "structure"
  /** Sections 5.3.4, 5.4.2, 5.5.3, 5.6.3: fewer valid signatures by distinct keys than the threshold. */
  | "threshold"
  /** Section 4.2: a key that is listed under an id other than its own. */
  | "key-id"
  /** Sections 5.3.5, 5.4.3, 5.5.4, 5.6.4: rollback. */
  | "version"
  /** Sections 5.3.10, 5.4.4, 5.5.6, 5.6.5: freeze. */
  | "expired"
  /** Sections 5.5.2, 5.6.2: mix-and-match. */
  | "checksum"
  /** The contract, section 3, step 2: Notary's root keys are certificates. */
  | "certificate"
  /** Section 5.3.4: the previous root's keys did not sign the new one. */
  | "rotation"
  /** Section 4.5: nobody delegated to this role. */
  | "delegation";

/** Metadata that is not to be trusted. The messages are Notary's: Docker shows them to people. */
export class TufRefusal extends Error {
  readonly rule: TufRule;

  constructor(rule: TufRule, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "TufRefusal";
    this.rule = rule;
  }
}

/** A document of `role` that contradicts itself (TUF specification 1.0, section 4). */
export function badStructure(role: string, problem: string): TufRefusal {
  return new TufRefusal("structure", `${role} type metadata invalid: ${problem}`);
}
