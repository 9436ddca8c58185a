/**
 * A question that many ask at once and one round trip answers. Whoever asks gets an answer to a question that
 * was sent after they asked: one that is under way already may know less than they do, so they wait for the
 * next, together with all who come until then.
 */
export class SharedQuestion<T> {
  readonly #send: () => Promise<T>;
  #underWay: Promise<unknown> | null = null;
  #next: Promise<T> | null = null;

  constructor(send: () => Promise<T>) {
    this.#send = send;
  }

  ask(): Promise<T> {
    this.#next ??= this.#whenFree();
    return this.#next;
  }

  async #whenFree(): Promise<T> {
    // Also where none is under way: all who ask in one turn of the event loop go together.
    await this.#underWay;
    const answer = this.#send();
    this.#next = null;
    this.#underWay = answer.catch(() => {});
    return answer;
  }
}
