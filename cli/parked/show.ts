import { z } from "zod";
import { exitCodes } from "../exit-codes.ts";
import { openSession } from "../session.ts";
import { defineVerb } from "../verb.ts";
import { type DiscardedEvent, getParked, type ParkedStream, parkedStreams } from "./streams.ts";

export const parkedShow = defineVerb({
  name: "show",
  words: "<name> <stream>",
  summary: "One stream: its event in the log, why it cannot be applied, and what was tried",
  optionLines: [],
  options: z.strictObject({}),
  examples: ["cipherhorizon parked show portfolios p-1"],
  run: async ({ words, output, environment }) => {
    const [name = "", stream = ""] = words;
    const session = await openSession({ output, environment });
    try {
      const { streams, discarded } = await getParked(session, name, stream);
      if (streams.length + discarded.length === 0) {
        await parkedStreams(session, { name, stream, generation: undefined });
      }
      if (output.json) output.value({ name, stream, streams, discarded });
      else output.line([...streams.map(streamText), ...discarded.map(discardedText)].join("\n"));
    } finally {
      await session.close();
    }
    return exitCodes.ok;
  },
});

function streamText(one: ParkedStream): string {
  const { event, history, storedPosition } = one;
  const state = one.releasing ? "being released" : "parked";
  const steps = history.map(({ at, what, position, reason, actor }) => {
    return `    ${at}  ${what.replace("-", " ")} at ${position} by ${actor}: ${reason}`;
  });
  return [
    `${one.stream} in generation ${one.generation}: ${state} since ${one.since}`,
    `  at:       ${one.partition}@${one.position}, event ${one.sequence} of the stream`,
    `  event:    ${event === null ? "not in the log any more" : eventText(event)}`,
    `  reason:   ${one.reason}`,
    ...(one.releasing && storedPosition !== null ? [`  released: up to ${storedPosition}`] : []),
    "  history:",
    ...steps,
  ].join("\n");
}

function eventText({ id, type, time }: NonNullable<ParkedStream["event"]>): string {
  return [type ?? "of an unknown type", id ?? "without id", time ?? "without time"].join("  ");
}

function discardedText(one: DiscardedEvent): string {
  return [
    `${one.partition}@${one.position}, event ${one.sequence} of ${one.stream}, is given up`,
    `  it could not be applied: ${one.fault}`,
    `  ${one.at} by ${one.actor}: ${one.reason}`,
  ].join("\n");
}
