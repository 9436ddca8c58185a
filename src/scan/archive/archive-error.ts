/** An archive that is not what it should be, or larger than may be. `message` is a sentence without the archive's name. */
export class ArchiveError extends Error {
  override readonly name = "ArchiveError";
}
