import { z } from "zod";
import { isUnderWay } from "../../platform/generations/phase.ts";
import { registeredProjection } from "../../projections/registry.ts";
import { USUAL_MAX_LIVE_LAG_MS } from "../../projections/runner/pace.ts";
import { listEvents } from "../events/read-events.ts";
import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import { pause } from "../interrupts.ts";
import type { Output } from "../output.ts";
import { openSession, type Session } from "../session.ts";
import { defineVerb, integerOption, secondsOption } from "../verb.ts";
import { certificateText, differenceText } from "./certificate-text.ts";
import {
  type Generation,
  getProjection,
  type ProjectionStatus,
  sendStep,
  slowedText,
} from "./generations.ts";
import { type RebuildDisplay, rebuildDisplay } from "./rebuild-display.ts";

const POLL_MS = 500;
/** Without any progress for so long the rebuild has stalled; a slow one never fails by a clock. */
const USUAL_STALL_SECONDS = 60;

export const projectionsRebuild = defineVerb({
  name: "rebuild",
  words: "<name>",
  summary:
    "Builds a new generation of a read model beside the live one, compares the two row by row, " +
    "and swaps them if they are equal",
  optionLines: [
    ["--reason <text>", "why, for the record"],
    [
      "--max-live-lag <seconds>",
      `slowed so that live ones lag less; else ${USUAL_MAX_LIVE_LAG_MS / 1_000}`,
    ],
    [
      "--stall-seconds <count>",
      `fails after so long without progress; else ${USUAL_STALL_SECONDS}`,
    ],
  ],
  options: z.strictObject({
    reason: z.string().min(1).max(500).default("rebuild from the command line"),
    maxLiveLag: secondsOption(0.1, 3_600).optional(),
    stallSeconds: integerOption(1, 86_400).default(USUAL_STALL_SECONDS),
  }),
  examples: [
    "cipherhorizon projections rebuild portfolios",
    'cipherhorizon projections rebuild ticks-and-candles --reason "a new column" --json',
    "cipherhorizon projections rebuild portfolios --max-live-lag 0.5",
  ],
  run: async ({ words, options, output, environment, interrupted }) => {
    const [name = ""] = words;
    const session = await openSession({ output, environment });
    try {
      const generation = await startOrJoin(session, { name, ...options }, output);
      const watch = { name, generation, stallMs: options.stallSeconds * 1_000 };
      const done = await follow(session, watch, { output, interrupted });
      if (output.json) output.value({ name, ...done });
      else output.line(doneText(name, done));
      return exitCodes.ok;
    } finally {
      await session.close();
    }
  },
});

interface Wish {
  readonly name: string;
  readonly reason: string;
  /** In seconds; without it the usual one. */
  readonly maxLiveLag?: number | undefined;
}

/** The number of the generation being built: a new one, or the one that is under way already. */
async function startOrJoin(session: Session, wish: Wish, output: Output): Promise<number> {
  const { name, reason, maxLiveLag } = wish;
  const running = generationUnderWay(await getProjection(session, name));
  if (running !== undefined) {
    output.message(`Generation ${running.generation} of ${name} is ${running.phase}: watching it.`);
    return running.generation;
  }
  const { version } = registeredProjection(name).projection;
  const step = { name, type: "StartGeneration", what: `the rebuild of ${name}` };
  const limit = maxLiveLag === undefined ? {} : { maxLiveLagMs: Math.round(maxLiveLag * 1_000) };
  await sendStep(session, step, { version, reason, ...limit });
  return lastStarted(session, name);
}

function generationUnderWay({ generations }: ProjectionStatus): Generation | undefined {
  return generations.find(({ phase }) => isUnderWay(phase));
}

/** From the log itself: what follows it may not have come to the start yet. */
async function lastStarted(session: Session, name: string): Promise<number> {
  const filter = { aggregateId: name, type: "GenerationStarted" };
  let generation = 0;
  for await (const { data } of listEvents(session, "operations.events", filter)) {
    generation = startedData.parse(data).generation;
  }
  return generation;
}

const startedData = z.object({ generation: z.int() });

interface Watch {
  readonly name: string;
  readonly generation: number;
  readonly stallMs: number;
}

interface Watching {
  readonly output: Output;
  readonly interrupted: AbortSignal;
}

/** Watches until the generation is live; what ends it otherwise is a failure. */
async function follow(
  session: Session,
  watch: Watch,
  { output, interrupted }: Watching,
): Promise<Generation> {
  const display = new PhaseDisplay(output);
  let [progress, progressAtMs] = ["", performance.now()];
  try {
    for (;;) {
      const { current, note } = await look(session, watch);
      if (current.phase === "live") return current;
      requireUnderWay(watch, current, output);
      display.update(current, note);
      const now = progressOf(current);
      if (now !== progress) [progress, progressAtMs] = [now, performance.now()];
      if (performance.now() - progressAtMs > watch.stallMs) throw stalled(watch, current);
      await pause(POLL_MS, interrupted);
      if (interrupted.aborted) throw detached(watch, session);
    }
  } finally {
    display.stop();
  }
}

function requireUnderWay(watch: Watch, current: Generation, output: Output): void {
  if (current.phase === "different") throw different(watch, current, output);
  if (!isUnderWay(current.phase)) throw ended(watch, current.phase);
}

/** How far a comparison has come shows in no position: it counts as progress itself. */
function progressOf({ phase, position }: Generation): string {
  return phase === "building" ? JSON.stringify(position) : String(performance.now());
}

/** Progress while it is built; then a line for each phase. */
class PhaseDisplay {
  readonly #output: Output;
  readonly #building: RebuildDisplay;
  #phase = "building";

  constructor(output: Output) {
    this.#output = output;
    this.#building = rebuildDisplay(output);
  }

  update(current: Generation, note: string): void {
    if (current.phase === "building") this.#building.update(current, note);
    if (current.phase === this.#phase) return;
    this.#phase = current.phase;
    this.#building.stop();
    if (current.phase !== "verifying") return;
    this.#output.message(
      `Generation ${current.generation} has caught up: it is compared with the live one, row by row.`,
    );
  }

  stop(): void {
    this.#building.stop();
  }
}

function doneText(name: string, { generation, certificate, verified }: Generation): string {
  if (certificate === null || !verified) {
    return `${name} generation ${generation} is live, promoted by force.`;
  }
  const equal = `${name} generation ${generation} is live: it equals generation ${certificate.against}.`;
  return `${equal}\n${certificateText(certificate)}`;
}

/** Both generations stay; somebody has to look. */
function different({ name, generation }: Watch, current: Generation, output: Output): Failure {
  const { difference } = current;
  if (output.json) output.value({ name, ...current });
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

async function look(session: Session, { name, generation }: Watch) {
  const { generations } = await getProjection(session, name);
  const current = generations.find((one) => one.generation === generation) ?? unseen(generation);
  return { current, note: slowedText(current, generations) };
}

function unseen(generation: number): Generation {
  // The query API has not seen the start yet: it follows the log by itself.
  return {
    generation,
    version: 0,
    phase: "building",
    since: "",
    startedAt: "",
    verified: false,
    certificate: null,
    difference: null,
    position: null,
    gapEvents: null,
    gapEventsByPartition: null,
    lagSeconds: null,
    maxLiveLagSeconds: USUAL_MAX_LIVE_LAG_MS / 1_000,
    fedBy: null,
  };
}

function ended({ name, generation }: Watch, phase: string): Failure {
  return new Failure(exitCodes.refused, {
    failed: `generation ${generation} of ${name} did not become live`,
    error: `it is ${phase} now`,
    tried: "watching it being built",
    todo: "cipherhorizon events list --topic operations.events says who ended it and why",
  });
}

function stalled({ name, generation, stallMs }: Watch, { gapEvents }: Generation): Failure {
  const gap = gapEvents ?? "an unknown number of";
  return new Failure(exitCodes.stalled, {
    failed: `the rebuild of ${name} makes no progress`,
    error: `generation ${generation} stood still for ${stallMs / 1000} s, ${gap} events to go`,
    tried: "its positions, twice a second",
    todo:
      "see that a process feeds it (cipherhorizon serve projections) and what that says;\n" +
      `watch again with: cipherhorizon projections rebuild ${name}\n` +
      `give it up with: ${cancelCommand(name)}`,
  });
}

function detached({ name, generation }: Watch, session: Session): Failure {
  const goesOn = session.isEmbedded
    ? "it goes on when the folder is served again"
    : "it goes on in the server";
  return new Failure(exitCodes.interrupted, {
    failed: `the rebuild of ${name} is no longer watched`,
    error: `interrupted; ${goesOn}`,
    tried: `watching generation ${generation} being built`,
    todo:
      `watch again with: cipherhorizon projections rebuild ${name}\n` +
      `give it up with: ${cancelCommand(name)}`,
  });
}

function cancelCommand(name: string): string {
  return `cipherhorizon projections cancel ${name} --reason "no longer wanted"`;
}
