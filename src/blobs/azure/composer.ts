import { BreakwaterError } from "../../kernel/index.ts";
import { copyLimitFor, expectGiven, limits } from "../chunked/attempts.ts";
import { readWhole } from "../chunked/download.ts";
import { expectSize } from "../chunked/failures.ts";
import type { Piece } from "../chunked/object-service.ts";
import { Pieces } from "../chunked/pieces.ts";
import { inParallel, Turns } from "../turns.ts";
import type { Container } from "./container.ts";
import { isOvertaken, isUnsupported } from "./errors.ts";
import { putBlob, replacing, requestBlob, settings, statBlob } from "./objects.ts";

/** The service's own limits: blocks of a blob, and bytes that it copies in one go. */
const mostBlocks = 50_000;
const mostBytes = 256 * 1024 ** 2;
/** Blocks that the service is asked to copy at once. */
const copiesAtOnce = 16;
/** Blocks of a service that cannot copy go through this program: so many at once. */
const streamed = 2;
/** Writers of the same blob that may be done first before we give up. */
const mostOvertakings = 5;
/** Seconds for which the service may read a chunk that it copies. */
const copyLifetime = 3600;

/**
 * Makes one blob out of several, on the server: each becomes a block, and the list of blocks the blob, in one step.
 * Where the service cannot copy blocks (Azurite), they go through this program one by one.
 */
export class Composer {
  readonly #container: Container;
  readonly #streams = new Turns(streamed);
  #canCopy = true;

  constructor(container: Container) {
    this.#container = container;
  }

  async compose(pieces: readonly Piece[], target: string): Promise<void> {
    const [first] = pieces;
    if (first === undefined) return putBlob(this.#container, target, new Uint8Array());
    if (pieces.length > mostBlocks) {
      throw new BreakwaterError(
        "SIZE_INVALID",
        `Azure Blob Storage keeps a blob of at most ${mostBlocks} blocks, and this one has ${pieces.length}. Push it as several smaller layers.`,
      );
    }
    const single = pieces.length === 1 && first.length === first.size && first.size <= mostBytes;
    await replacing(this.#container, target, () =>
      single ? this.#copy(first, target) : this.#assemble(pieces, target),
    );
    const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
    expectSize((await statBlob(this.#container, target))?.size, size);
  }

  async #copy({ key, size }: Piece, target: string): Promise<void> {
    const source = await this.#container.signedUrl(key, copyLifetime);
    await this.#container.attempts.run(async (signal) => {
      const { etag } = await this.#container.blob(target).syncCopyFromURL(source, signal);
      expectGiven(etag);
    }, copyLimitFor(size));
  }

  async #assemble(pieces: readonly Piece[], target: string): Promise<void> {
    for (let overtakings = 0; ; overtakings++) {
      // Not the names of another writer's: what it stages under ours would become part of our blob.
      const writer = crypto.randomUUID();
      const blocks = await inParallel(pieces, copiesAtOnce, async (piece, index) => {
        const block = btoa(`${writer}-${String(index).padStart(5, "0")}`);
        await this.#stage(piece, target, block);
        return block;
      });
      try {
        await this.#container.attempts.run(async (signal) => {
          const options = { ...settings, ...signal };
          const { etag } = await this.#container.blob(target).commitBlockList(blocks, options);
          expectGiven(etag);
        }, copyLimitFor(0));
        return;
      } catch (error) {
        if (!isOvertaken(error) || overtakings === mostOvertakings) throw error;
      }
    }
  }

  async #stage(piece: Piece, target: string, block: string): Promise<void> {
    if (this.#canCopy) {
      try {
        await this.#stageCopy(piece, target, block);
        return;
      } catch (error) {
        if (!isUnsupported(error)) throw error;
        this.#canCopy = false;
      }
    }
    await this.#streams.run(() => this.#stageStream(piece, target, block));
  }

  async #stageCopy({ key, length }: Piece, target: string, block: string): Promise<void> {
    const source = await this.#container.signedUrl(key, copyLifetime);
    await this.#container.attempts.run(async (signal) => {
      const { requestId } = await this.#container
        .blob(target)
        .stageBlockFromURL(block, source, 0, length, signal);
      expectGiven(requestId);
    }, copyLimitFor(length));
  }

  async #stageStream({ key, length }: Piece, target: string, block: string): Promise<void> {
    const request = requestBlob.bind(null, this.#container);
    const content = await readWhole(request, key, 0, length);
    await this.#container.attempts.run(async (signal) => {
      const { requestId } = await this.#container
        .blob(target)
        .stageBlock(block, () => new Pieces(content), length, signal);
      expectGiven(requestId);
    }, limits.part);
  }
}
