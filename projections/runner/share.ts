import type { PartitionKey } from "../../platform/log/log.ts";

/**
 * Which partitions of a generation this process feeds where several processes share them. It only
 * says who should: two may think so for a moment, and the checkpoint in the store decides.
 */
export interface Share {
  /** Called when the generation can be written; nothing is this process's before. */
  join(): Promise<void>;
  /**
   * Resolves when the partition is this process's, with what aborts when it no longer is or
   * `signal` aborts; `null`: `signal` has.
   */
  held(partition: PartitionKey, signal: AbortSignal): Promise<AbortSignal | null>;
  /**
   * For who has found a partition taken by another: resolves when all have been asked anew whose
   * it is, or `signal` aborts. Who takes it back without asking would take it from its new owner.
   */
  confirmed(signal: AbortSignal): Promise<void>;
  /** The partitions go to the others. */
  leave(): Promise<void>;
}

/** The name by which the processes that share a generation find one another. */
export function sharingGroup(projection: string, generation: number): string {
  return `${sharingGroups(projection)}g${generation}`;
}

/** How those names begin for all generations of a projection; for all projections: of "". */
export function sharingGroups(projection: string): string {
  return projection === "" ? "projections." : `projections.${projection}.`;
}
