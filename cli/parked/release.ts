import { z } from "zod";
import { exitCodes } from "../exit-codes.ts";
import type { Output } from "../output.ts";
import { sendStep } from "../projections/generations.ts";
import { openSession, type Session } from "../session.ts";
import { defineVerb, type Invocation, integerOption } from "../verb.ts";
import { type ParkedStream, parkedStreams, placeOf } from "./streams.ts";
import { watchRelease } from "./watch.ts";

/** Without any progress for so long the release has stalled; a slow one never fails by a clock. */
const USUAL_STALL_SECONDS = 60;

const optionLines = [
  ["--reason <text>", "why, for the record"],
  ["--generation <number>", "in this one alone; else in every one that has it parked"],
  ["--stall-seconds <count>", `fails after so long without progress; else ${USUAL_STALL_SECONDS}`],
] as const;

const options = z.strictObject({
  reason: z.string().min(1).max(500),
  generation: integerOption(1, 1_000_000).optional(),
  stallSeconds: integerOption(1, 86_400).default(USUAL_STALL_SECONDS),
});

type Options = z.output<typeof options>;

export const parkedRelease = defineVerb({
  name: "release",
  words: "<name> <stream>",
  summary: "Applies a parked stream again, from the event at which it was set aside",
  optionLines,
  options,
  examples: ['cipherhorizon parked release portfolios p-1 --reason "the projection is mended"'],
  run: (invocation) => {
    return goOn(invocation, "is applied up to now", async (session, name, streams) => {
      const what = `the release of ${streams[0]?.stream} of ${name}`;
      for (const one of streams) {
        const data = { ...placeOf(one), reason: invocation.options.reason };
        await sendStep(session, { name, type: "ReleaseStream", what }, data);
      }
    });
  },
});

export const parkedDiscard = defineVerb({
  name: "discard",
  words: "<name> <stream>",
  summary: "Gives up the event at which a stream is parked, for good, and goes on with the next",
  optionLines,
  options,
  examples: ['cipherhorizon parked discard portfolios p-1 --reason "written by a broken client"'],
  run: (invocation) => {
    return goOn(invocation, "goes on without that event", async (session, name, streams) => {
      const what = `giving up an event of ${streams[0]?.stream} in ${name}`;
      for (const one of streams) {
        const { position } = one;
        const data = { ...placeOf(one), position, reason: invocation.options.reason };
        await sendStep(session, { name, type: "DiscardParkedEvent", what }, data);
      }
    });
  },
});

async function goOn(
  { words, options, output, environment, interrupted }: Invocation<Options>,
  done: string,
  send: (session: Session, name: string, streams: readonly ParkedStream[]) => Promise<void>,
): Promise<number> {
  const [name = "", stream = ""] = words;
  const session = await openSession({ output, environment });
  try {
    const { generation, stallSeconds } = options;
    const before = await parkedStreams(session, { name, stream, generation });
    await send(session, name, before);
    const watch = { name, stream, before, stallMs: stallSeconds * 1_000 };
    await watchRelease(session, watch, { output, interrupted });
    tell(output, { name, stream, before, done });
    return exitCodes.ok;
  } finally {
    await session.close();
  }
}

function tell(
  output: Output,
  told: { name: string; stream: string; before: readonly ParkedStream[]; done: string },
): void {
  const { name, stream, before, done } = told;
  for (const { generation, partition } of before) {
    if (output.json) output.value({ name, stream, generation, partition, done });
    else output.line(`${stream} in generation ${generation} of ${name} ${done}.`);
  }
}
