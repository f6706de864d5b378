import { z } from "zod";
import { GENERATION_PHASES } from "../../platform/generations/phase.ts";

const positions = z.record(z.string(), z.int());

/** `GenerationVerified`, as it was recorded. */
const certificate = z.object({
  against: z.int(),
  positions,
  tables: z.array(z.object({ table: z.string(), rows: z.int(), sum: z.string() })).readonly(),
  rechecked: z.int(),
  held: z.int(),
  beyond: z.int(),
  parkedStreams: z.array(z.string()).readonly(),
  leftOut: z.array(z.string()).readonly(),
  codeVersion: z.string(),
  schemaIds: z.array(z.int()).readonly(),
});

/** `GenerationVerificationFailed`, as it was recorded; rows are JSON. */
const difference = z.object({
  against: z.int(),
  positions,
  differingRows: z.int(),
  differences: z
    .array(
      z.object({
        table: z.string(),
        key: z.string(),
        live: z.string().nullable(),
        built: z.string().nullable(),
      }),
    )
    .readonly(),
  reason: z.string(),
});

/** `GenerationVerificationProgressed`, as it was recorded last. */
const comparison = z.object({ against: z.int(), table: z.string(), rows: z.int() });

export const generationAnswer = z.object({
  generation: z.int(),
  version: z.int(),
  phase: z.enum(GENERATION_PHASES),
  since: z.string(),
  startedAt: z.string(),
  verified: z.boolean(),
  certificate: certificate.nullable(),
  comparison: comparison.nullable(),
  difference: difference.nullable(),
  position: positions.nullable(),
  gapEvents: z.int().nullable(),
  gapEventsByPartition: z.record(z.string(), z.int()).nullable(),
  lagSeconds: z.number().nullable(),
  maxLiveLagSeconds: z.number(),
  fedBy: z.record(z.string(), z.string()).nullable(),
});

export const projectionAnswer = z.object({
  name: z.string(),
  paused: z.boolean(),
  generations: z.array(generationAnswer),
});

export const parkedStreamAnswer = z.object({
  generation: z.int(),
  partition: z.string(),
  stream: z.string(),
  position: z.int(),
  sequence: z.int(),
  reason: z.string(),
  since: z.string(),
  releases: z.int(),
  releasing: z.boolean(),
  storedPosition: z.int().nullable(),
  event: z
    .object({
      id: z.string().nullable(),
      type: z.string().nullable(),
      time: z.string().nullable(),
    })
    .nullable(),
  history: z.array(
    z.object({
      at: z.string(),
      what: z.enum(["parked", "release-requested", "discarded"]),
      position: z.int(),
      reason: z.string(),
      actor: z.string(),
    }),
  ),
});

export const parkedAnswer = z.object({
  streams: z.array(parkedStreamAnswer),
  discarded: z.array(
    z.object({
      partition: z.string(),
      stream: z.string(),
      position: z.int(),
      sequence: z.int(),
      fault: z.string(),
      reason: z.string(),
      at: z.string(),
      actor: z.string(),
    }),
  ),
});

export function withoutGeneration<T extends { readonly generation: number }>(recorded: T) {
  const { generation: _, ...others } = recorded;
  return others;
}
