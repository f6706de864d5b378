import { isUnderWay } from "../../platform/generations/phase.ts";
import { USUAL_MAX_LIVE_LAG_MS } from "../../projections/runner/pace.ts";
import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import { noLongerWatched } from "../no-longer-watched.ts";
import type { Output } from "../output.ts";
import type { Session } from "../session.ts";
import { waitWhileItMoves } from "../wait-while-it-moves.ts";
import { differenceText } from "./certificate-text.ts";
import { type Generation, getProjection, slowedText } from "./generations.ts";
import { type RebuildDisplay, rebuildDisplay } from "./rebuild-display.ts";

const POLL_MS = 500;
/** How far a comparison has come is told every five seconds: shorter is no stall. */
const LEAST_STALL_OF_COMPARISON_MS = 20_000;
const TROUBLES_KEPT = 5;

export interface FollowedRebuild {
  readonly name: string;
  readonly generation: number;
  readonly stallMs: number;
}

interface FollowParts {
  readonly session: Session;
  readonly output: Output;
  readonly interrupted: AbortSignal;
}

/** Shows it until the generation is live; what ends it otherwise is a failure. */
export async function followRebuild(
  followed: FollowedRebuild,
  { session, output, interrupted }: FollowParts,
): Promise<Generation> {
  const display = rebuildDisplay(output);
  const troubles = new Troubles(display);
  const { stallMs } = followed;
  const waiting = {
    ...{ interrupted, stallMs, pollMs: POLL_MS },
    stopped: () => detached(followed, session),
    onAway: (failure: Failure) => troubles.add(failure),
  };
  try {
    return await waitWhileItMoves(waiting, async () => {
      const { current, note } = await look(session, followed);
      if (current.phase !== "live") requireUnderWay(followed, current, output);
      display.update({ name: followed.name, current, note });
      return {
        result: current.phase === "live" ? current : null,
        progress: progressOf(current),
        leastStallMs: current.phase === "building" ? 0 : LEAST_STALL_OF_COMPARISON_MS,
        stalled: () => stalled(followed, current, note),
      };
    });
  } finally {
    display.stop();
    for (const text of troubles.told) output.message(text);
  }
}

/** Errors that did not end it: each is told at once, and again at the end. */
class Troubles {
  readonly #display: RebuildDisplay;
  readonly #counts = new Map<string, number>();

  constructor(display: RebuildDisplay) {
    this.#display = display;
  }

  add({ parts: { failed, error } }: Failure): void {
    const text = `${failed}: ${error}`;
    const count = this.#counts.get(text) ?? 0;
    if (count === 0) this.#display.message(`${text}; it is asked again`);
    if (count > 0 || this.#counts.size < TROUBLES_KEPT) this.#counts.set(text, count + 1);
  }

  get told(): readonly string[] {
    return [...this.#counts].map(([text, count]) => {
      return `meanwhile, ${count === 1 ? "once" : `${count} times`}: ${text}`;
    });
  }
}

function requireUnderWay(followed: FollowedRebuild, current: Generation, output: Output): void {
  if (current.phase === "different") throw different(followed, current, output);
  if (!isUnderWay(current.phase)) throw ended(followed, current.phase);
}

function progressOf({ phase, position, comparison }: Generation): string {
  return JSON.stringify(phase === "building" ? position : [phase, comparison]);
}

async function look(session: Session, { name, generation }: FollowedRebuild) {
  const { generations, paused } = await getProjection(session, name);
  const current = generations.find((one) => one.generation === generation) ?? unseen(generation);
  const resume = `paused; go on with: cipherhorizon projections resume ${name}`;
  return { current, note: paused ? resume : slowedText(current, generations) };
}

/** The query API has not seen the start yet: it follows the log by itself. */
export function unseen(generation: number): Generation {
  return {
    generation,
    version: 0,
    phase: "building",
    since: "",
    startedAt: "",
    verified: false,
    certificate: null,
    comparison: null,
    difference: null,
    position: null,
    gapEvents: null,
    gapEventsByPartition: null,
    lagSeconds: null,
    maxLiveLagSeconds: USUAL_MAX_LIVE_LAG_MS / 1_000,
    fedBy: null,
  };
}

/** Both generations stay; somebody has to look. */
function different({ name, generation }: FollowedRebuild, current: Generation, output: Output) {
  const { difference } = current;
  if (output.json) output.value({ type: "different", name, ...current });
  return new Failure(exitCodes.refused, {
    failed: `generation ${generation} of ${name} was not promoted`,
    error: difference === null ? "it differs from the live one" : differenceText(difference),
    tried: `comparing it with generation ${difference?.against}, row by row`,
    todo:
      "both stay as they are: find out which one is right, then either\n" +
      `cipherhorizon projections promote ${name} --generation ${generation} --force --reason "…"\n` +
      `or cipherhorizon projections cancel ${name} --reason "…"`,
  });
}

function ended({ name, generation }: FollowedRebuild, phase: string): Failure {
  return new Failure(exitCodes.refused, {
    failed: `generation ${generation} of ${name} did not become live`,
    error: `it is ${phase} now`,
    tried: "watching it being built",
    todo: "cipherhorizon events list --topic operations.events says who ended it and why",
  });
}

function stalled(followed: FollowedRebuild, current: Generation, note: string): Failure {
  const { phase, gapEvents, comparison } = current;
  const { name, generation } = followed;
  const isBuilding = phase === "building";
  const leastMs = isBuilding ? 0 : LEAST_STALL_OF_COMPARISON_MS;
  const stoodSeconds = Math.max(followed.stallMs, leastMs) / 1_000;
  const where = isBuilding
    ? `${gapEvents ?? "an unknown number of"} events to go`
    : `${phase}, ${comparison?.rows ?? 0} rows compared`;
  return new Failure(exitCodes.stalled, {
    failed: `the rebuild of ${name} makes no progress`,
    error: `generation ${generation} stood still for ${stoodSeconds} s, ${where}${note && `; ${note}`}`,
    tried: "its positions, and how far its comparison is, twice a second",
    todo:
      "see that a process feeds it (cipherhorizon serve projections) and what that says;\n" +
      comeBack(name),
  });
}

function detached({ name, generation }: FollowedRebuild, session: Session): Failure {
  return noLongerWatched(session, `the rebuild of ${name}`, {
    tried: `watching generation ${generation} being built`,
    todo: comeBack(name),
  });
}

function comeBack(name: string): string {
  return (
    `watch again with: cipherhorizon projections rebuild ${name}\n` +
    `give it up with: cipherhorizon projections cancel ${name} --reason "no longer wanted"`
  );
}
