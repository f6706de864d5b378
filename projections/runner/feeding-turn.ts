import { hostname } from "node:os";
import { PartitionGroup } from "../../platform/log/kafka/partition-group.ts";
import type { KafkaPlace } from "../../platform/log/places.ts";
import type { Logger } from "../../platform/telemetry/logger.ts";

/** Of one partition, so that one member of a group has the turn. */
const TURN_TOPIC = "operations.events";

export interface TurnParts {
  readonly kafka: KafkaPlace;
  readonly projection: string;
  readonly generation: number;
  readonly logger: Logger;
}

/**
 * Of the projector processes that reach one generation, one feeds it, and another goes on when that
 * one is gone. Two that feed at once would harm nothing, for the store's checkpoint lets one of
 * them through; they would only be in each other's way.
 */
export class FeedingTurn {
  readonly #group: PartitionGroup;
  #held: AbortController | null = null;
  #waiting: (() => void) | null = null;

  private constructor({ kafka, projection, generation, logger }: TurnParts) {
    this.#group = new PartitionGroup({
      settings: kafka.settings,
      group: `projections.${projection}.g${generation}`,
      topics: [TURN_TOPIC],
      contact: { address: `${hostname()} pid ${process.pid}`, publicKey: "" },
      logger,
      onShared: (mine) => this.#decided(mine.size > 0),
    });
  }

  static async join(parts: TurnParts): Promise<FeedingTurn> {
    const turn = new FeedingTurn(parts);
    await turn.#group.join();
    return turn;
  }

  /** Resolves when it is this process's turn, with what tells its end; `null`: `signal` ended. */
  async next(signal: AbortSignal): Promise<AbortSignal | null> {
    while (this.#held === null && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting = resolve;
      signal.addEventListener("abort", () => resolve(), { once: true });
      await promise;
    }
    if (this.#held === null || signal.aborted) return null;
    return AbortSignal.any([signal, this.#held.signal]);
  }

  async leave(): Promise<void> {
    await this.#group.leave();
  }

  #decided(mine: boolean): void {
    if (mine === (this.#held !== null)) return;
    this.#held?.abort();
    this.#held = mine ? new AbortController() : null;
    this.#waiting?.();
  }
}
