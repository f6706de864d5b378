import { v5 } from "uuid";
import type {
  GenerationVerificationFailed,
  GenerationVerificationProgressed,
  GenerationVerified,
  StreamParked,
  StreamReleased,
} from "../../schemas/generated/operations.ts";

/** Namespace of the ids of the commands that projectors send. */
const COMMAND_NAMESPACE = "5b0d2c6e-5a3c-5f0c-9a43-2f9d9b0f6c11";

/**
 * The door through which a projector asks for the next step in a generation's life. The command
 * side's gateway fits it: the shape is declared here because the two sides never import each other.
 */
export interface OperationsPort {
  submit(request: OperationsRequest): Promise<OperationsOutcome>;
}

export interface OperationsRequest {
  readonly aggregate: "projection";
  /** The projection's name. */
  readonly aggregateId: string;
  readonly command: GenerationCommand;
  readonly commandId: string;
  readonly expectedVersion: null;
  readonly actor: string;
  readonly authority: "all";
  readonly correlationId: string;
  readonly causationId: null;
  readonly causationPosition: null;
  readonly traceparent: null;
}

export type GenerationCommand =
  | {
      readonly type: "StartGeneration";
      readonly data: { readonly version: number; readonly reason: string };
    }
  | {
      readonly type: "RecordCaughtUp";
      readonly data: {
        readonly generation: number;
        readonly positions: Readonly<Record<string, number>>;
      };
    }
  | { readonly type: "RecordVerification"; readonly data: GenerationVerified }
  | { readonly type: "RecordVerificationFailure"; readonly data: GenerationVerificationFailed }
  | {
      readonly type: "RecordVerificationProgress";
      readonly data: GenerationVerificationProgressed;
    }
  | {
      readonly type: "PromoteGeneration";
      readonly data: {
        readonly generation: number;
        readonly rule: "verified";
        readonly positions: Readonly<Record<string, number>>;
        readonly reason: string;
      };
    }
  | {
      readonly type: "RetireGeneration" | "CancelGeneration" | "FailGeneration";
      readonly data: { readonly generation: number; readonly reason: string };
    }
  | { readonly type: "RecordParkedStream"; readonly data: StreamParked }
  | { readonly type: "RecordReleasedStream"; readonly data: StreamReleased };

export type OperationsOutcome =
  | { readonly outcome: "accepted" }
  | {
      readonly outcome: "refused";
      readonly refusal: { readonly code: string; readonly detail: string };
    }
  | { readonly outcome: "failed"; readonly code: string; readonly detail: string };

/**
 * A step in the life of one generation, or of several (`against`: which it was compared with), or
 * of what it has parked (`about`: of what, as of when).
 */
export interface GenerationStep {
  readonly projection: string;
  readonly generation: number;
  readonly against?: number;
  readonly about?: string;
  readonly command: GenerationCommand;
}

/** The same step of the same generation always has the same id, whoever sends it how often. */
export function generationRequest(step: GenerationStep): OperationsRequest {
  const { projection, generation, against, about, command } = step;
  const more = [against, about].filter((one) => one !== undefined);
  const text = [projection, generation, command.type, ...more].join("|");
  const commandId = v5(text, COMMAND_NAMESPACE);
  return {
    aggregate: "projection",
    aggregateId: projection,
    command,
    commandId,
    expectedVersion: null,
    actor: "projector",
    authority: "all",
    correlationId: commandId,
    causationId: null,
    causationPosition: null,
    traceparent: null,
  };
}
