/** Asks again and again until `enough` says so of the answer; throws with the last one after half a minute. */
export async function eventually<T>(ask: () => Promise<T>, enough: (answer: T) => boolean): Promise<T> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const answer = await ask();
    if (enough(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`It did not come to that; at last: ${JSON.stringify(answer)}`);
    await Bun.sleep(50);
  }
}
