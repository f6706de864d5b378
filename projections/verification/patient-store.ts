import { keyOf } from "../runner/key-order.ts";
import { pause } from "../runner/pause.ts";
import type { Tables, Value } from "../runner/projection.ts";
import type { StoredRow } from "../runner/read-store.ts";
import type { ComparedStore } from "./compare-generations.ts";

/** So often in a row a store may fail; then the comparison has failed. */
const FAILURES = 6;
const FIRST_PAUSE_MS = 100;

/**
 * A store that is asked again where it does not answer, for rows from the last one on: what a long
 * comparison has read is not to be read anew for a lost connection.
 */
export class PatientStore implements ComparedStore {
  readonly #store: ComparedStore;
  readonly #tables: Tables;
  readonly #signal: AbortSignal;

  constructor(store: ComparedStore, tables: Tables, signal: AbortSignal) {
    this.#store = store;
    this.#tables = tables;
    this.#signal = signal;
  }

  checkpoints() {
    return this.#patiently(() => this.#store.checkpoints());
  }

  row(table: string, key: readonly Value[]) {
    return this.#patiently(() => this.#store.row(table, key));
  }

  async *rows(
    name: string,
    from?: readonly Value[],
    atOnce?: number,
  ): AsyncGenerator<StoredRow, void> {
    const table = this.#tables[name];
    if (table === undefined) throw new RangeError(`${name} is not compared`);
    let after = from;
    for (let failures = 1; ; failures += 1) {
      let last: StoredRow | null = null;
      try {
        for await (const row of this.#store.rows(name, after, atOnce)) {
          last = row;
          yield row;
        }
        return;
      } catch (error) {
        if (last !== null) [after, failures] = [keyOf(table, (last as StoredRow).row), 1];
        await this.#rest(failures, error);
      }
    }
  }

  async #patiently<T>(ask: () => Promise<T>): Promise<T> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await ask();
      } catch (error) {
        await this.#rest(failures, error);
      }
    }
  }

  async #rest(failures: number, error: unknown): Promise<void> {
    if (failures === FAILURES || this.#signal.aborted) throw error;
    await pause(FIRST_PAUSE_MS * 2 ** (failures - 1), this.#signal);
  }
}
