import { z } from "zod";
import { commandTexts } from "../command-line.ts";
import { problemFailure } from "../problem-failure.ts";
import type { Session } from "../session.ts";

const positions = z.record(z.string(), z.int());

const certificate = z.object({
  against: z.int(),
  positions,
  tables: z.array(z.object({ table: z.string(), rows: z.int(), sum: z.string() })),
  rechecked: z.int(),
  held: z.int(),
  beyond: z.int(),
  parkedStreams: z.array(z.string()),
  leftOut: z.array(z.string()),
  codeVersion: z.string(),
  schemaIds: z.array(z.int()),
});

const difference = z.object({
  against: z.int(),
  positions,
  differingRows: z.int(),
  differences: z.array(
    z.object({
      table: z.string(),
      key: z.string(),
      live: z.string().nullable(),
      built: z.string().nullable(),
    }),
  ),
  reason: z.string(),
});

const generation = z.object({
  generation: z.int(),
  version: z.int(),
  phase: z.string(),
  since: z.string(),
  startedAt: z.string(),
  verified: z.boolean(),
  certificate: certificate.nullable(),
  difference: difference.nullable(),
  position: positions.nullable(),
  gapEvents: z.int().nullable(),
  gapEventsByPartition: z.record(z.string(), z.int()).nullable(),
  fedBy: z.record(z.string(), z.string()).nullable(),
});

const projection = z.object({
  name: z.string(),
  paused: z.boolean(),
  generations: z.array(generation),
});

export type Generation = z.output<typeof generation>;
export type ProjectionStatus = z.output<typeof projection>;

const UNDER_WAY = ["building", "verifying", "verified", "different"];

/** Every projection with its generations, as of now. */
export async function listProjections(session: Session): Promise<readonly ProjectionStatus[]> {
  const { data } = await session.query("/v1/projections");
  return z.array(projection).parse(data);
}

export async function getProjection(session: Session, name: string): Promise<ProjectionStatus> {
  const { data } = await session.query(`/v1/projections/${encodeURIComponent(name)}`);
  return projection.parse(data);
}

/** On its way to being live, or found different; a projection has one at a time. */
export function isUnderWay({ phase }: Generation): boolean {
  return UNDER_WAY.includes(phase);
}

/** One step in the life of a projection; `what` is what was asked for, should it be refused. */
export async function sendStep(
  session: Session,
  step: { readonly name: string; readonly type: string; readonly what: string },
  data: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { name, type, what } = step;
  const command = { aggregate: "projection", id: name, type, data };
  for await (const result of session.submit(commandTexts([command]))) {
    if (!result.accepted) throw problemFailure(result, what);
  }
}
