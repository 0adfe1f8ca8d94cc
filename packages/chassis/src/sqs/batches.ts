/** As many as SQS takes in one call. */
const MOST = 10;

interface Waiting<T> {
  readonly entry: T;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Why entries of a batch failed, by their places in it. */
export type Failures = ReadonlyMap<number, Error>;

/** Makes one call of what comes while another one is under way, or in the same turn. */
export class Batches<T> {
  readonly #waiting: Waiting<T>[] = [];
  #isUnderWay = false;

  constructor(private readonly send: (entries: readonly T[]) => Promise<Failures>) {}

  add(entry: T): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, resolve, reject });
      if (this.#isUnderWay) return;
      this.#isUnderWay = true;
      setImmediate(() => void this.#sendAll());
    });
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MOST);
      try {
        const failures = await this.send(batch.map(({ entry }) => entry));
        batch.forEach(({ resolve, reject }, index) => {
          const failure = failures.get(index);
          if (failure) reject(failure);
          else resolve();
        });
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#isUnderWay = false;
  }
}
