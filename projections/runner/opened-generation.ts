import type { PartitionKey } from "../../platform/log/log.ts";
import { NoLongerOpen, type Snapshot } from "./generation-snapshot.ts";
import { QueriesUnderWay } from "./queries-under-way.ts";

/** One generation on a server, opened for queries; a store says how one is answered. */
export abstract class OpenedGeneration<Reader> {
  readonly #underWay: QueriesUnderWay;

  constructor(underWay = new QueriesUnderWay()) {
    this.#underWay = underWay;
  }

  /** Rows and positions of the answer agree. The query may be asked several times. */
  read<T>(query: (reader: Reader) => Promise<T>): Promise<Snapshot<T>> {
    return this.whileOpen(() => this.answer(query));
  }

  async positions(): Promise<ReadonlyMap<PartitionKey, number>> {
    const { positions } = await this.read(async () => null);
    return positions;
  }

  /** Waits for the queries that were asked before; later ones are refused. */
  close(): Promise<void> {
    return this.#underWay.close();
  }

  protected abstract answer<T>(query: (reader: Reader) => Promise<T>): Promise<Snapshot<T>>;

  /** Whether the error is how the store says that the generation was dropped. */
  protected isDropped(_error: unknown): boolean {
    return false;
  }

  protected async whileOpen<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await this.#underWay.run(ask);
    } catch (error) {
      throw this.isDropped(error) ? new NoLongerOpen() : error;
    }
  }
}
