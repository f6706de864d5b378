import type { EventReader } from "../../platform/codec/codec.ts";
import { type LogReader, type Positions, partitionKey } from "../../platform/log/log.ts";
import type { Logger } from "../../platform/telemetry/logger.ts";
import { Generations } from "../../projections/runner/generations.ts";
import { followOperations, OPERATIONS } from "../../projections/runner/operations-follower.ts";
import type { ReadModel } from "./read-model.ts";

export interface PromotionsParts {
  readonly log: LogReader;
  readonly codec: EventReader;
  readonly logger: Logger;
  readonly models: readonly Pick<ReadModel<never>, "name" | "promote">[];
  readonly signal: AbortSignal;
}

export interface Promotions {
  /** What is known so far, kept up to date. */
  readonly generations: Pick<Generations, "of" | "isPaused" | "parked">;
  /** Of `operations.events`: what `generations` rests on. */
  readonly positions: () => Positions;
  /** Resolves when following has ended. */
  readonly ended: Promise<void>;
}

/** Follows `operations.events` until the signal aborts, and tells the read models of promotions. */
export function followPromotions(parts: PromotionsParts): Promotions {
  const { log, codec, logger, models, signal } = parts;
  const generations = new Generations();
  let next = 0;
  const following = followOperations({
    log,
    codec,
    signal,
    onEvent: (recorded) => {
      generations.observe(recorded);
      const { aggregateId: name, event } = recorded;
      if (event.type !== "GenerationPromoted") return;
      models.find((model) => model.name === name)?.promote(event.data.generation);
    },
    onRead: (position) => {
      next = position;
    },
    onCurrent: () => undefined,
    onTrouble: (trouble) => {
      if (trouble !== null) logger.warn(trouble, "following operations.events");
    },
  });
  const ended = following.catch((error: unknown) => {
    if (!signal.aborted) logger.fatal({ err: error }, "operations.events cannot be followed");
  });
  const positions = () => new Map([[partitionKey(OPERATIONS), next]]);
  return { generations, positions, ended };
}
