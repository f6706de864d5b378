import { z } from "zod";
import { isUnderWay } from "../../platform/generations/phase.ts";
import { registeredProjection } from "../../projections/registry.ts";
import { NO_LIVE_LAG_LIMIT_MS, USUAL_MAX_LIVE_LAG_MS } from "../../projections/runner/pace.ts";
import { listEvents } from "../events/read-events.ts";
import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import type { Output } from "../output.ts";
import { openSession, type Session } from "../session.ts";
import { defineVerb, integerOption, secondsOption } from "../verb.ts";
import { STALL_MS } from "../wait-while-it-moves.ts";
import { certificateText } from "./certificate-text.ts";
import { followRebuild } from "./follow-rebuild.ts";
import { type Generation, getProjection, type ProjectionStatus, sendStep } from "./generations.ts";

const USUAL_STALL_SECONDS = STALL_MS / 1_000;

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
      `slowed so that live ones lag less; else ${USUAL_MAX_LIVE_LAG_MS / 1_000}; 3600: never slowed`,
    ],
    [
      "--stall-seconds <count>",
      `fails after so long without progress; else ${USUAL_STALL_SECONDS}`,
    ],
  ],
  options: z.strictObject({
    reason: z.string().min(1).max(500).default("rebuild from the command line"),
    maxLiveLag: secondsOption(0.1, NO_LIVE_LAG_LIMIT_MS / 1_000).optional(),
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
      const stallMs = options.stallSeconds * 1_000;
      const done = await followRebuild(
        { name, generation, stallMs },
        { session, output, interrupted },
      );
      if (output.json) output.value({ type: "live", name, ...done });
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
    if (maxLiveLag !== undefined) {
      output.message(`Its limit stays what it was begun with: ${running.maxLiveLagSeconds} s.`);
    }
    return running.generation;
  }
  const { version } = registeredProjection(name).projection;
  const step = { name, type: "StartGeneration", what: `the rebuild of ${name}` };
  const limit = maxLiveLag === undefined ? {} : { maxLiveLagMs: Math.round(maxLiveLag * 1_000) };
  try {
    await sendStep(session, step, { version, reason, ...limit });
  } catch (error) {
    const isOthers = error instanceof Failure && error.code === "REBUILD_RUNNING";
    if (!isOthers) throw error;
    output.message(`Somebody else has begun a rebuild of ${name}: watching it.`);
  }
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

function doneText(name: string, { generation, certificate, verified }: Generation): string {
  if (certificate === null || !verified) {
    return `${name} generation ${generation} is live, promoted by force.`;
  }
  const equal = `${name} generation ${generation} is live: it equals generation ${certificate.against}.`;
  return `${equal}\n${certificateText(certificate)}`;
}
