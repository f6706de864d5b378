import { z } from "zod";
import { textField } from "../../../../platform/fields/fields.ts";
import type { CommandDefinition } from "../../../aggregate.ts";

const generation = z.int().min(1).max(1_000_000);
const reason = textField(500);
const position = z.int().min(0);

export interface StartGeneration {
  readonly type: "StartGeneration";
  /** `version`: of the projection's code that will build it. */
  readonly data: { readonly version: number; readonly reason: string };
}

export interface PromoteGeneration {
  readonly type: "PromoteGeneration";
  readonly data: {
    readonly generation: number;
    readonly rule: "caught-up" | "forced";
    /** Next position per `topic/partition` that the generation had reached. */
    readonly positions: Readonly<Record<string, number>>;
    readonly reason: string;
  };
}

export interface RetireGeneration {
  readonly type: "RetireGeneration";
  readonly data: { readonly generation: number; readonly reason: string };
}

export interface CancelGeneration {
  readonly type: "CancelGeneration";
  readonly data: { readonly generation: number; readonly reason: string };
}

export type ProjectionCommand =
  | StartGeneration
  | PromoteGeneration
  | RetireGeneration
  | CancelGeneration;

export const commands: {
  readonly [T in ProjectionCommand["type"]]: CommandDefinition<
    Extract<ProjectionCommand, { type: T }>
  >;
} = {
  StartGeneration: {
    payload: z.strictObject({ version: z.int().min(1).max(1_000_000), reason }),
    summary: "Begin to build a new generation of the read model beside the live one",
    example: { version: 1, reason: "rebuild after a change of the projection" },
    creates: true,
  },
  PromoteGeneration: {
    payload: z.strictObject({
      generation,
      rule: z.enum(["caught-up", "forced"]),
      positions: z.record(z.string().max(200), position),
      reason,
    }),
    summary: "Make a generation the one that readers use",
    example: {
      generation: 2,
      rule: "caught-up",
      positions: { "portfolio.events/0": 12 },
      reason: "caught up",
    },
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
};
