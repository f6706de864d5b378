import { exitCodes } from "../exit-codes.ts";
import { Failure, interrupted as interruptedFailure } from "../failure.ts";
import { pause } from "../interrupts.ts";
import {
  type Generation,
  listProjections,
  type ProjectionStatus,
} from "../projections/generations.ts";
import type { DemoParts } from "./take-in.ts";

const POLL_MS = 100;
const STALL_MS = 60_000;

/** Every projection's live generation, once it has passed the whole log; fails on a stall. */
export async function waitUntilProjected({
  session,
  interrupted,
}: DemoParts): Promise<ReadonlyMap<string, Generation>> {
  let [progress, progressAtMs] = ["", performance.now()];
  for (;;) {
    const projections = await listProjections(session);
    const live = liveGenerations(projections);
    if (live.size === projections.length && [...live.values()].every(isCaughtUp)) return live;
    const now = JSON.stringify(projections.map(({ generations }) => generations));
    if (now !== progress) [progress, progressAtMs] = [now, performance.now()];
    if (performance.now() - progressAtMs > STALL_MS) throw stalled(projections);
    await pause(POLL_MS, interrupted);
    if (interrupted.aborted) throw interruptedFailure("the demo was not finished", "run it again");
  }
}

function liveGenerations(projections: readonly ProjectionStatus[]) {
  const live = projections.flatMap(({ name, generations }): [string, Generation][] => {
    const found = generations.find(({ phase }) => phase === "live");
    return found === undefined ? [] : [[name, found]];
  });
  return new Map(live);
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
