import { NoLongerOpen, tooManyWaiting } from "./generation-snapshot.ts";

/** Queries of one generation; more are refused. */
const QUERIES = 1_000;

/** What is being asked of one opened generation; all of it is answered before it is closed. */
export class QueriesUnderWay {
  readonly #asked = new Set<Promise<unknown>>();
  readonly #waiting: () => number;
  #closed = false;

  /** `waiting`: how many count against the limit; unless told, all that are under way. */
  constructor(waiting?: () => number) {
    this.#waiting = waiting ?? (() => this.#asked.size);
  }

  /** Fails with `NOT_READY` once closed, and with `OVERLOADED` past the limit. */
  async run<T>(ask: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new NoLongerOpen();
    if (this.#waiting() >= QUERIES) throw tooManyWaiting(QUERIES);
    const asking = ask();
    this.#asked.add(asking);
    try {
      return await asking;
    } finally {
      this.#asked.delete(asking);
    }
  }

  /** Waits for the queries that were asked before; later ones are refused. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#asked);
  }
}
