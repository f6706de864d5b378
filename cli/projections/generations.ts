import { z } from "zod";
import { SLOWED_FROM } from "../../projections/runner/pace.ts";
import { generationAnswer, projectionAnswer } from "../../query-api/projections/answers.ts";
import { commandTexts } from "../command-line.ts";
import { problemFailure } from "../problem-failure.ts";
import type { Session } from "../session.ts";

/** A server of another version may have phases of its own. */
const generation = generationAnswer.extend({ phase: z.string() });
const projection = projectionAnswer.extend({ generations: z.array(generation) });

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

/** Why a build goes slower than it could, as far as its own read model tells; empty: it does not. */
export function slowedText(one: Generation, all: readonly Generation[]): string {
  const lagSeconds = all.find(({ phase }) => phase === "live")?.lagSeconds ?? 0;
  const isSlowed = lagSeconds >= one.maxLiveLagSeconds * SLOWED_FROM;
  const isUnderWay = one.phase === "building" || one.phase === "verifying";
  return isUnderWay && isSlowed ? `slowed: live is ${lagSeconds.toFixed(1)} s behind` : "";
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
