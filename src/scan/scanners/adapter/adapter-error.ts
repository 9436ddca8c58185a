/** An adapter did not do what the API says. The message is a sentence for people. */
export class AdapterError extends Error {
  /** True when it may be otherwise a moment later: nothing came from it, or not the whole. */
  readonly passing: boolean;

  constructor(message: string, options: ErrorOptions & { readonly passing?: boolean } = {}) {
    super(message, options);
    this.name = "AdapterError";
    this.passing = options.passing ?? false;
  }
}
