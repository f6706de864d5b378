import { PlatformError } from "../../platform/errors/catalogue.ts";
import type { LogReader, Positions } from "../../platform/log/log.ts";
import type { Generations } from "../../projections/runner/generations.ts";
import type { FreshnessParts } from "../reading/freshness.ts";
import type { ParkedPlace } from "../reading/generation-reader.ts";

/** What this process can say of one projection's stores. */
export interface ProjectionStores {
  readonly name: string;
  /** Positions of one generation as its own store tells; `null` when it is not there. */
  positionsOf(generation: number): Promise<Positions | null>;
  /** Where its own store has streams parked. */
  parkedIn(generation: number): Promise<readonly ParkedPlace[] | null>;
}

/**
 * Which process feeds each partition of a generation; a partition that is nobody's just now is left
 * out. `null`: it is fed by one process, or nobody can tell.
 */
export type Feeders = (
  projection: string,
  generation: number,
) => Promise<ReadonlyMap<string, string> | null>;

export interface ProjectionsParts extends FreshnessParts {
  readonly log: LogReader;
  readonly stores: readonly ProjectionStores[];
  readonly generations: Pick<Generations, "of" | "isPaused" | "parked">;
  readonly feeders: Feeders;
  /** What the generations rest on, of `operations.events`. */
  readonly positions: () => Positions;
}

/** Of the projection that is asked for. */
export function storesOf(name: string, { stores }: ProjectionsParts): ProjectionStores {
  const found = stores.find((one) => one.name === name);
  if (found !== undefined) return found;
  const known = stores.map((one) => one.name).join(", ");
  throw new PlatformError("NOT_FOUND", `there is no projection ${name}; there are ${known}`);
}
