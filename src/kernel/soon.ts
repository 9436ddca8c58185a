/** A value, or the promise of one: what is known already costs no turn of the microtask queue. */
export type Soon<T> = T | Promise<T>;

/** What `next` makes of the value, at once where it is there. */
export function soon<T, R>(value: Soon<T>, next: (value: T) => Soon<R>): Soon<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** What `work` comes to, or what `recover` makes of its failure, at once where that is known. */
export function attempted<T>(work: () => Soon<T>, recover: (error: unknown) => T): Soon<T> {
  try {
    const value = work();
    return value instanceof Promise ? value.catch(recover) : value;
  } catch (error) {
    return recover(error);
  }
}
