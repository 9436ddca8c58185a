/** A file of an image that is not what it claims to be, or is beyond what is read. The message is a sentence for people. */
export class Unreadable extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "Unreadable";
  }
}
