/** A layer that cannot be read, or that exceeds a limit. The message is a sentence for people. */
export class UnreadableLayer extends Error {
  override readonly name = "UnreadableLayer";
}
