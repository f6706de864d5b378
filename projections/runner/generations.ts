import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import type { OperationsEvent } from "../../schemas/generated/operations.ts";

/** Where a generation stands in its life. `replaced` ones are fed on, for instant rollback. */
export type GenerationPhase = "building" | "live" | "replaced" | "retired" | "cancelled";

export interface Generation {
  readonly projection: string;
  readonly generation: number;
  /** Of the projection that builds it. */
  readonly version: number;
  readonly phase: GenerationPhase;
  /** Since when it is in this phase, epoch ms by the log. */
  readonly sinceMs: number;
  readonly startedAtMs: number;
  /** Its promotion rested on a comparison with the generation before. */
  readonly verified: boolean;
}

/** The generations of every projection, folded from `operations.events`. */
export class Generations {
  readonly #byProjection = new Map<string, Map<number, Generation>>();

  observe({ aggregateId: projection, event, recordedAtMs }: RecordedEvent<OperationsEvent>): void {
    const { generation } = event.data;
    const of = { projection, generation };
    const at = { sinceMs: recordedAtMs };
    switch (event.type) {
      case "GenerationStarted": {
        const { version } = event.data;
        const times = { sinceMs: recordedAtMs, startedAtMs: recordedAtMs };
        const phase = "building";
        this.#put({ projection, generation, version, phase, ...times, verified: false });
        return;
      }
      case "GenerationPromoted":
        for (const { phase, generation: other } of this.of(projection)) {
          if (phase === "live") this.#enter("replaced", { projection, generation: other }, at);
        }
        this.#enter("live", of, { ...at, verified: event.data.verified });
        return;
      case "GenerationRetired":
        this.#enter("retired", of, at);
        return;
      case "GenerationCancelled":
        this.#enter("cancelled", of, at);
        return;
    }
  }

  of(projection: string): readonly Generation[] {
    return [...(this.#byProjection.get(projection)?.values() ?? [])];
  }

  #enter(
    phase: GenerationPhase,
    { projection, generation }: Pick<Generation, "projection" | "generation">,
    changes: Partial<Generation>,
  ): void {
    const known = this.#byProjection.get(projection)?.get(generation);
    if (known !== undefined) this.#put({ ...known, ...changes, phase });
  }

  #put(generation: Generation): void {
    const all = this.#byProjection.get(generation.projection) ?? new Map<number, Generation>();
    all.set(generation.generation, generation);
    this.#byProjection.set(generation.projection, all);
  }
}
