import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import {
  type Generation,
  listProjections,
  type ProjectionStatus,
} from "../projections/generations.ts";
import { STALL_MS, waitWhileItMoves } from "../wait-while-it-moves.ts";
import { type DemoParts, stopped } from "./take-in.ts";

/** Every projection's live generation, once it has passed the whole log; fails on a stall. */
export function waitUntilProjected({
  session,
  interrupted,
}: Pick<DemoParts, "session" | "interrupted">): Promise<ReadonlyMap<string, Generation>> {
  return waitWhileItMoves({ interrupted, stopped }, async () => {
    const projections = await listProjections(session);
    const live = liveGenerations(projections);
    const isThere = live.size === projections.length && [...live.values()].every(isCaughtUp);
    return {
      result: isThere ? live : null,
      progress: JSON.stringify(projections.map(positionsIn)),
      stalled: () => stalled(projections),
    };
  });
}

function liveGenerations(projections: readonly ProjectionStatus[]) {
  const live = projections.flatMap(({ name, generations }): [string, Generation][] => {
    const found = generations.find(({ phase }) => phase === "live");
    return found === undefined ? [] : [[name, found]];
  });
  return new Map(live);
}

/** Their lag is no progress. */
function positionsIn({ generations }: ProjectionStatus) {
  return generations.map(({ phase, position }) => [phase, position]);
}

function isCaughtUp({ gapEvents }: Generation): boolean {
  return gapEvents === 0;
}

function stalled(projections: readonly ProjectionStatus[]): Failure {
  const gaps = projections.map(({ name, generations }) => {
    const last = generations.at(-1);
    return `${name}: ${last?.phase ?? "no generation"}, ${last?.gapEvents ?? "?"} events to go`;
  });
  return new Failure(exitCodes.stalled, {
    failed: "the projections make no progress",
    error: gaps.join("\n"),
    tried: `their positions, for ${STALL_MS / 1000} s`,
    todo: "look at the messages above, and at cipherhorizon doctor --data on the folder",
  });
}
