/**
 * An adapter did not do what the API says. The message is a sentence for everybody who may see the image: it names the
 * scanner, and never says where that lies.
 */
export class AdapterError extends Error {
  /** True when it may be otherwise a moment later: nothing came from it, or not the whole. */
  readonly passing: boolean;

  /** More, for those who may see the scanner's registration; empty where there is no more to say. */
  readonly details: string;

  /** All that the adapter said, for the scan's log, where the message has but a part of it; else empty. */
  readonly answer: string;

  constructor(
    message: string,
    options: ErrorOptions & {
      readonly passing?: boolean;
      readonly details?: string;
      readonly answer?: string;
    } = {},
  ) {
    super(message, options);
    this.name = "AdapterError";
    this.passing = options.passing ?? false;
    this.details = options.details ?? "";
    this.answer = options.answer ?? "";
  }
}
