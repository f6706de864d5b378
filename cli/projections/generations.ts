import { z } from "zod";
import type { Session } from "../session.ts";

const generation = z.object({
  generation: z.int(),
  version: z.int(),
  phase: z.string(),
  startedAt: z.string(),
  verified: z.boolean(),
  position: z.record(z.string(), z.int()).nullable(),
  gapEvents: z.int().nullable(),
  gapEventsByPartition: z.record(z.string(), z.int()).nullable(),
  fedBy: z.record(z.string(), z.string()).nullable(),
});

const projection = z.object({ name: z.string(), generations: z.array(generation) });

export type Generation = z.output<typeof generation>;
export type ProjectionStatus = z.output<typeof projection>;

/** Every projection with its generations, as of now. */
export async function listProjections(session: Session): Promise<readonly ProjectionStatus[]> {
  const { data } = await session.query("/v1/projections");
  return z.array(projection).parse(data);
}

export async function getProjection(session: Session, name: string): Promise<ProjectionStatus> {
  const { data } = await session.query(`/v1/projections/${encodeURIComponent(name)}`);
  return projection.parse(data);
}
