import type { EventCodec } from "../../platform/codec/codec.ts";
import type { LogReader } from "../../platform/log/log.ts";
import type { OperationsEvent } from "../../schemas/generated/operations.ts";
import { followLog } from "../stream/log-follower.ts";
import type { ReadModel } from "./read-model.ts";

const OPERATIONS = "operations.events/0";

/** What is known of one generation from the events of operations. */
export interface GenerationRecord {
  readonly generation: number;
  readonly version: number;
  readonly phase: "building" | "live" | "replaced" | "retired" | "cancelled";
  readonly startedAtMs: number;
  readonly verified: boolean;
}

/** Follows `operations.events`: tells the read models of promotions, and keeps what the API
 *  shows of generations. */
export class Promotions {
  readonly #models: readonly Pick<ReadModel<never>, "name" | "promote">[];
  readonly #generations = new Map<string, Map<number, GenerationRecord>>();

  constructor(models: readonly Pick<ReadModel<never>, "name" | "promote">[]) {
    this.#models = models;
  }

  /** Runs until the signal; the first events are taken in before it returns control. */
  async follow(parts: {
    log: LogReader;
    codec: Pick<EventCodec, "prepare" | "decode">;
    signal: AbortSignal;
  }): Promise<void> {
    for await (const { event } of followLog(new Map([[OPERATIONS, 0]]), parts)) {
      this.observe(event.aggregateId, event.event as OperationsEvent, event.recordedAtMs);
    }
  }

  observe(projection: string, event: OperationsEvent, recordedAtMs: number): void {
    const generations = this.#generations.get(projection) ?? new Map<number, GenerationRecord>();
    this.#generations.set(projection, generations);
    const { generation } = event.data;
    switch (event.type) {
      case "GenerationStarted":
        generations.set(generation, {
          generation,
          version: event.data.version,
          phase: "building",
          startedAtMs: recordedAtMs,
          verified: false,
        });
        return;
      case "GenerationPromoted":
        for (const [number, one] of generations) {
          if (one.phase === "live") generations.set(number, { ...one, phase: "replaced" });
        }
        change(generations, generation, { phase: "live", verified: event.data.verified });
        this.#models.find((model) => model.name === projection)?.promote(generation);
        return;
      case "GenerationRetired":
        change(generations, generation, { phase: "retired" });
        return;
      case "GenerationCancelled":
        change(generations, generation, { phase: "cancelled" });
        return;
    }
  }

  generationsOf(projection: string): readonly GenerationRecord[] {
    return [...(this.#generations.get(projection)?.values() ?? [])];
  }
}

function change(
  generations: Map<number, GenerationRecord>,
  generation: number,
  changes: Partial<GenerationRecord>,
): void {
  const known = generations.get(generation);
  if (known) generations.set(generation, { ...known, ...changes });
}
