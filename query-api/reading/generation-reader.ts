import type { PartitionKey } from "../../platform/log/log.ts";

/** An answer with the exact position of the generation that gave it. */
export interface Snapshot<T> {
  readonly result: T;
  /** Next position per partition that the generation had applied. */
  readonly positions: ReadonlyMap<PartitionKey, number>;
  /** Streams whose rows stopped at an event that could not be applied. */
  readonly parked: readonly ParkedPlace[];
  /** Next position after the highest cause of what was applied, per partition of the causes. */
  readonly causes: ReadonlyMap<PartitionKey, number>;
}

/** From where on a stream's events are left out. */
export interface ParkedPlace {
  readonly partition: PartitionKey;
  readonly stream: string;
  readonly position: number;
}

/** One generation as its store's reader shows it; opened with the reader's login. */
export interface GenerationReader<Reader> {
  /** Runs the query in one read transaction, so that rows and positions agree. */
  read<T>(query: (reader: Reader) => Promise<T>): Promise<Snapshot<T>>;
  positions(): Promise<ReadonlyMap<PartitionKey, number>>;
  close(): Promise<void>;
}

/** `null` while the generation's store is not there yet. */
export type OpenGeneration<Reader> = (
  generation: number,
) => Promise<GenerationReader<Reader> | null>;
