import type { CausationPosition, RecordedEvent } from "../../platform/codec/envelope.ts";
import type { Refusal } from "../../platform/kernel/decider.ts";
import type { Projection } from "../../projections/runner/projection.ts";
import type { Accepted, CommandOutcome } from "../gateway.ts";
import type { ProcessStore } from "./process-store.ts";

/** A command as it is frozen into the outbox before it is first sent: never changed afterwards. */
export interface PlannedCommand {
  readonly aggregate: string;
  readonly aggregateId: string;
  readonly type: string;
  /** JSON, parsed by the command's schema at the door. */
  readonly payload: unknown;
  /** uuid v5 of what caused it and of the step: the same work always has the same id. */
  readonly commandId: string;
  readonly cause: Cause;
}

/** The event that a command answers to. */
export interface Cause {
  readonly eventId: string;
  readonly correlationId: string;
  readonly position: CausationPosition;
}

/** The way to the command side: a call in this process, or HTTP. Errors count as time-outs. */
export interface CommandDoor {
  submit(command: PlannedCommand, actor: string): Promise<CommandOutcome>;
}

/** Freezes due work into the outbox, as far as it can now; the rest stays due. */
export interface Planner {
  plan(): Promise<void>;
}

export interface PlanningParts {
  readonly store: ProcessStore;
  /** The manager's clock, epoch ms. */
  readonly clock: () => number;
}

/** Commands that an answer makes necessary; enqueued as the answered one is struck out. */
export interface FollowUps {
  onAccepted?(command: PlannedCommand, accepted: Accepted): readonly PlannedCommand[];
  onRefused?(command: PlannedCommand, refusal: Refusal): readonly PlannedCommand[];
}

/** Turns events into commands: what it knows and what is due are a projection of its own. */
export interface ProcessManager<Sources> extends FollowUps {
  readonly projection: Projection;
  /** Aggregates it sends commands to; without one of them it has nothing to do. */
  readonly targets: readonly string[];
  planner(parts: PlanningParts, sources: Sources): Planner;
}

/** Columns with which a due row remembers its cause. */
export const causeColumns = {
  eventId: "text",
  correlationId: "text",
  topic: "text",
  partition: "integer",
  position: "integer",
} as const;

export function causeRow({
  eventId,
  correlationId,
  topic,
  partition,
  position,
}: Pick<RecordedEvent, "eventId" | "correlationId" | "topic" | "partition" | "position">) {
  return { eventId, correlationId, topic, partition, position };
}
