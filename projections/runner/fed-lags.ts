import { generationKey, type LiveGeneration } from "./live-watch.ts";
import type { PartitionProgress } from "./progress.ts";
import { SeenLag } from "./seen-lag.ts";

/** A thread tells how far it is four times a second; one that is silent for so long is kept busy. */
const SILENT_AFTER_MS = 1_000;

export interface FedLive extends LiveGeneration {
  /** What its thread feeds, as it was told last … */
  readonly partitions: readonly Pick<PartitionProgress, "partition" | "position" | "end">[];
  /** … and when. */
  readonly toldAtMs: number;
}

interface Seen {
  readonly lag: SeenLag;
  readonly lagMs: number;
}

/** How far live generations lag that this process feeds, by what their threads tell. */
export class FedLags {
  #seen: ReadonlyMap<string, Seen> = new Map();

  /** `fed`: all that there are. */
  look(fed: readonly FedLive[], nowMs: number): void {
    const seen = fed.map((one): [string, Seen] => {
      const key = generationKey(one);
      const { lag } = this.#seen.get(key) ?? { lag: new SeenLag() };
      const positions = new Map(one.partitions.map((at) => [at.partition, at.position]));
      const ends = new Map(one.partitions.map((at) => [at.partition, at.end]));
      const { lagMs } = lag.look(positions, ends, nowMs);
      const silentMs = nowMs - one.toldAtMs;
      return [key, { lag, lagMs: silentMs < SILENT_AFTER_MS ? lagMs : Math.max(lagMs, silentMs) }];
    });
    this.#seen = new Map(seen);
  }

  lagMsOf(live: LiveGeneration): number {
    return this.#seen.get(generationKey(live))?.lagMs ?? 0;
  }
}
