import type { CausationPosition } from "../platform/codec/envelope.ts";
import type { PlatformErrorCode } from "../platform/errors/catalogue.ts";
import type { Answer, Authority, Command, Refusal } from "../platform/kernel/decider.ts";
import type { PartitionRef } from "../platform/log/log.ts";

/** A command with its address and identity, as every door (HTTP, process manager) hands it in. */
export interface CommandRequest {
  /** The aggregate's name: `portfolio`. */
  readonly aggregate: string;
  readonly aggregateId: string;
  /** Its data already parsed by the command's schema. */
  readonly command: Command;
  readonly commandId: string;
  /** `none`: the aggregate must not exist (If-None-Match: *). */
  readonly expectedVersion: number | "none" | null;
  readonly actor: string;
  readonly authority: Authority;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly causationPosition: CausationPosition | null;
  readonly traceparent: string | null;
  /** What was asked of other aggregates for it; no part of the command's hash. */
  readonly facts?: unknown;
}

interface AppendedEvent {
  readonly id: string;
  readonly type: string;
  readonly sequence: number;
  readonly position: number;
}

export interface Accepted {
  readonly outcome: "accepted";
  readonly aggregateId: string;
  /** The aggregate's sequence after the command. */
  readonly version: number;
  readonly events: readonly AppendedEvent[];
  readonly answer: Answer | null;
  readonly partition: PartitionRef;
  /** The next position a read model must have passed to show this command's effect. */
  readonly position: number;
  readonly logId: string;
  /** The command id was known: this is the stored answer. */
  readonly repeated: boolean;
}

/** Every end a command can come to; only `accepted` leaves something in the log. */
export type CommandOutcome =
  | Accepted
  | { readonly outcome: "refused"; readonly refusal: Refusal }
  | {
      readonly outcome: "failed";
      readonly code: PlatformErrorCode;
      readonly detail: string;
      readonly facts?: Readonly<Record<string, unknown>>;
    };

/** The door to the command side. In one process it is a call, across processes it is HTTP. */
export interface CommandGateway {
  submit(request: CommandRequest): Promise<CommandOutcome>;
}
