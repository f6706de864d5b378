import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import { type GenerationPhase, isOver } from "../../platform/generations/phase.ts";
import type {
  GenerationStarted,
  GenerationVerificationFailed,
  GenerationVerificationProgressed,
  GenerationVerified,
  OperationsEvent,
} from "../../schemas/generated/operations.ts";
import { USUAL_MAX_LIVE_LAG_MS } from "./pace.ts";
import { isParkingEvent, ParkedStreams, type ParkingEvent } from "./parked-streams.ts";

export interface Generation {
  readonly projection: string;
  readonly generation: number;
  /** Of the projection that builds it. */
  readonly version: number;
  readonly phase: GenerationPhase;
  /** Since when it is in this phase, epoch ms by the log. */
  readonly sinceMs: number;
  readonly startedAtMs: number;
  /** While it is built, live ones may lag by so much because of it. */
  readonly maxLiveLagMs: number;
  /** Its promotion rested on a comparison with the generation before. */
  readonly verified: boolean;
  /** Of the comparison that found it equal; `null`: none was made, or it was another's. */
  readonly certificate: GenerationVerified | null;
  /** How far a comparison has come that takes long. */
  readonly comparison: GenerationVerificationProgressed | null;
  /** In what it differs from the live one, where a comparison found that. */
  readonly difference: GenerationVerificationFailed | null;
}

/** The generations of every projection, folded from `operations.events`. */
export class Generations {
  readonly #byProjection = new Map<string, Map<number, Generation>>();
  readonly #paused = new Set<string>();
  readonly parked = new ParkedStreams();

  observe(recorded: RecordedEvent<OperationsEvent>): void {
    const { aggregateId: projection, event, recordedAtMs } = recorded;
    if (isParkingEvent(event)) this.parked.observe(event, recorded);
    else if (event.type === "GenerationStarted") this.#start(projection, event.data, recordedAtMs);
    else if (event.type === "ProjectionPaused") this.#paused.add(projection);
    else if (event.type === "ProjectionResumed") this.#paused.delete(projection);
    else if (event.type === "GenerationVerificationProgressed") {
      this.#change(projection, event.data, { comparison: event.data });
    } else {
      if (event.type === "GenerationPromoted") this.#replaceLive(projection, recordedAtMs);
      const changes = { ...changesOf(event), sinceMs: recordedAtMs };
      this.#change(projection, event.data, changes);
      const { phase = "live" } = changes;
      if (isOver(phase)) this.parked.forget(projection, event.data.generation);
    }
  }

  of(projection: string): readonly Generation[] {
    return [...(this.#byProjection.get(projection)?.values() ?? [])];
  }

  isPaused(projection: string): boolean {
    return this.#paused.has(projection);
  }

  #start(
    projection: string,
    { generation, version, maxLiveLagMs }: GenerationStarted,
    recordedAtMs: number,
  ): void {
    const all = this.#byProjection.get(projection) ?? new Map<number, Generation>();
    this.#byProjection.set(projection, all);
    all.set(generation, {
      projection,
      generation,
      version,
      phase: "building",
      sinceMs: recordedAtMs,
      startedAtMs: recordedAtMs,
      maxLiveLagMs: maxLiveLagMs ?? USUAL_MAX_LIVE_LAG_MS,
      verified: false,
      certificate: null,
      comparison: null,
      difference: null,
    });
  }

  #replaceLive(projection: string, sinceMs: number): void {
    const live = this.of(projection).find(({ phase }) => phase === "live");
    if (live !== undefined) this.#change(projection, live, { sinceMs, phase: "replaced" });
  }

  #change(
    projection: string,
    { generation }: { readonly generation: number },
    changes: Partial<Generation>,
  ): void {
    const all = this.#byProjection.get(projection);
    const known = all?.get(generation);
    if (known !== undefined) all?.set(generation, { ...known, ...changes });
  }
}

type EventOfGeneration = Exclude<
  OperationsEvent,
  | ParkingEvent
  | {
      readonly type:
        | "GenerationStarted"
        | "GenerationVerificationProgressed"
        | "ProjectionPaused"
        | "ProjectionResumed";
    }
>;

/** None is under way any more. */
const COMPARED = { comparison: null } as const;

function changesOf(event: EventOfGeneration): Partial<Generation> {
  switch (event.type) {
    case "GenerationCaughtUp":
      return { phase: "verifying" };
    case "GenerationVerified":
      return { phase: "verified", certificate: event.data, difference: null, ...COMPARED };
    case "GenerationVerificationFailed":
      return { phase: "different", certificate: null, difference: event.data, ...COMPARED };
    case "GenerationPromoted":
      return { phase: "live", verified: event.data.verified, ...COMPARED };
    case "GenerationRetired":
      return { phase: "retired" };
    case "GenerationCancelled":
      return { phase: "cancelled" };
    case "GenerationFailed":
      return { phase: "failed" };
  }
}
