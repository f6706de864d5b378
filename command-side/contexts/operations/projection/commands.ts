import { z } from "zod";
import { textField } from "../../../../platform/fields/fields.ts";
import type {
  GenerationVerificationFailed,
  GenerationVerificationProgressed,
  GenerationVerified,
} from "../../../../schemas/generated/operations.ts";
import type { CommandDefinition } from "../../../aggregate.ts";
import { type ParkingCommand, parkingCommands } from "./parking-commands.ts";

const generation = z.int().min(1).max(1_000_000);
const reason = textField(500);
const count = z.int().min(0);
const positions = z.record(z.string().max(200), count);
const name = z.string().min(1).max(200);
/** Most items of a list; rows as JSON are cut off before. */
const ITEMS = 1_000;
const rowText = z.string().max(4_000);

type Positions = Readonly<Record<string, number>>;

interface Reasoned<Type extends string> {
  readonly type: Type;
  readonly data: { readonly generation: number; readonly reason: string };
}

export interface StartGeneration {
  readonly type: "StartGeneration";
  readonly data: {
    /** Of the projection's code that will build it. */
    readonly version: number;
    readonly reason: string;
    /** How far the live one may lag because of it; without it as far as is usual. */
    readonly maxLiveLagMs?: number | undefined;
  };
}

export interface RecordCaughtUp {
  readonly type: "RecordCaughtUp";
  readonly data: { readonly generation: number; readonly positions: Positions };
}

export interface RecordVerification {
  readonly type: "RecordVerification";
  readonly data: GenerationVerified;
}

export interface RecordVerificationFailure {
  readonly type: "RecordVerificationFailure";
  readonly data: GenerationVerificationFailed;
}

export interface RecordVerificationProgress {
  readonly type: "RecordVerificationProgress";
  readonly data: GenerationVerificationProgressed;
}

export interface PromoteGeneration {
  readonly type: "PromoteGeneration";
  readonly data: {
    readonly generation: number;
    readonly rule: "verified" | "forced";
    /** Those of its certificate; where it is forced, any. */
    readonly positions: Positions;
    readonly reason: string;
  };
}

export interface RollBackGeneration {
  readonly type: "RollBackGeneration";
  readonly data: {
    /** The replaced one that is to be live again. */
    readonly generation: number;
    /** Also to one of another projection version, which perhaps nobody feeds. */
    readonly force: boolean;
    readonly reason: string;
  };
}

interface PauseProjection {
  readonly type: "PauseProjection";
  readonly data: { readonly reason: string };
}

interface ResumeProjection {
  readonly type: "ResumeProjection";
  readonly data: { readonly reason: string };
}

type RetireGeneration = Reasoned<"RetireGeneration">;
type CancelGeneration = Reasoned<"CancelGeneration">;
type FailGeneration = Reasoned<"FailGeneration">;

export type ProjectionCommand =
  | StartGeneration
  | RecordCaughtUp
  | RecordVerification
  | RecordVerificationFailure
  | RecordVerificationProgress
  | PromoteGeneration
  | RollBackGeneration
  | RetireGeneration
  | CancelGeneration
  | FailGeneration
  | PauseProjection
  | ResumeProjection
  | ParkingCommand;

const REACHED = { "portfolio.events/0": 12 };

export const commands: {
  readonly [T in ProjectionCommand["type"]]: CommandDefinition<
    Extract<ProjectionCommand, { type: T }>
  >;
} = {
  StartGeneration: {
    payload: z.strictObject({
      version: z.int().min(1).max(1_000_000),
      reason,
      maxLiveLagMs: z.int().min(100).max(3_600_000).optional(),
    }),
    summary: "Begin to build a new generation of the read model beside the live one",
    example: { version: 1, reason: "a change of the projection", maxLiveLagMs: 2_000 },
    creates: true,
  },
  RecordCaughtUp: {
    payload: z.strictObject({ generation, positions }),
    summary: "A projector tells that a build has been at the end of the log",
    example: { generation: 2, positions: REACHED },
  },
  RecordVerification: {
    payload: z.strictObject({
      generation,
      against: generation,
      positions,
      tables: z
        .array(
          z.strictObject({ table: name, rows: count, sum: z.string().regex(/^[0-9a-f]{64}$/) }),
        )
        .max(ITEMS),
      rechecked: count,
      held: count,
      beyond: count,
      parkedStreams: z.array(name).max(ITEMS),
      leftOut: z.array(name).max(ITEMS),
      codeVersion: z.string().min(1).max(100),
      schemaIds: z.array(count).max(ITEMS),
    }),
    summary: "A projector certifies that a build equals the live generation",
    example: {
      generation: 2,
      against: 1,
      positions: REACHED,
      tables: [{ table: "portfolios", rows: 1, sum: "61".padEnd(64, "0") }],
      rechecked: 0,
      held: 0,
      beyond: 0,
      parkedStreams: [],
      leftOut: [],
      codeVersion: "0.1.0",
      schemaIds: [3],
    },
  },
  RecordVerificationFailure: {
    payload: z.strictObject({
      generation,
      against: generation,
      positions,
      differingRows: count,
      differences: z
        .array(
          z.strictObject({
            table: name,
            key: rowText,
            live: rowText.nullable(),
            built: rowText.nullable(),
          }),
        )
        .max(ITEMS),
      reason,
    }),
    summary: "A projector tells in what a build differs from the live generation",
    example: {
      generation: 2,
      against: 1,
      positions: REACHED,
      differingRows: 1,
      differences: [{ table: "portfolios", key: '["p-1"]', live: '{"name":"Main"}', built: null }],
      reason: "1 row differs",
    },
  },
  RecordVerificationProgress: {
    payload: z.strictObject({ generation, against: generation, table: name, rows: count }),
    summary: "A projector tells how far a comparison has come that takes long",
    example: { generation: 2, against: 1, table: "ledger", rows: 400_000 },
  },
  PromoteGeneration: {
    payload: z.strictObject({
      generation,
      rule: z.enum(["verified", "forced"]),
      positions,
      reason,
    }),
    summary: "Make a generation the one that readers use",
    example: { generation: 2, rule: "forced", positions: {}, reason: "the old rows are wrong" },
  },
  RollBackGeneration: {
    payload: z.strictObject({ generation, force: z.boolean(), reason }),
    summary: "Make the generation that was replaced the live one again",
    example: { generation: 1, force: false, reason: "figures look wrong" },
  },
  RetireGeneration: {
    payload: z.strictObject({ generation, reason }),
    summary: "Drop a generation that is not live",
    example: { generation: 1, reason: "replaced by generation 2" },
  },
  CancelGeneration: {
    payload: z.strictObject({ generation, reason }),
    summary: "Give up a build that was not promoted",
    example: { generation: 2, reason: "started by mistake" },
  },
  FailGeneration: {
    payload: z.strictObject({ generation, reason }),
    summary: "A projector tells that a build came to an end by itself",
    example: { generation: 2, reason: "too many parked streams" },
  },
  PauseProjection: {
    payload: z.strictObject({ reason }),
    summary: "Stop feeding all generations of the read model",
    example: { reason: "its server is moved" },
  },
  ResumeProjection: {
    payload: z.strictObject({ reason }),
    summary: "Feed the generations of the read model again",
    example: { reason: "its server was moved" },
  },
  ...parkingCommands,
};
