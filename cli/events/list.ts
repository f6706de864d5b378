import { z } from "zod";
import { exitCodes } from "../exit-codes.ts";
import { openSession } from "../session.ts";
import { defineVerb, integerOption } from "../verb.ts";
import {
  EVENT_FILTER_LINES,
  eventFilterOptions,
  listEvents,
  printEvent,
  topicsOf,
} from "./read-events.ts";

const USUAL_LIMIT = 100;
const LARGEST_LIMIT = 1_000_000;

export const eventsList = defineVerb({
  name: "list",
  summary: "Events in the order of their writing, topic by topic",
  optionLines: [
    ...EVENT_FILTER_LINES,
    ["--limit <count>", `at most so many events; else ${USUAL_LIMIT}`],
  ],
  options: z.strictObject({
    ...eventFilterOptions,
    limit: integerOption(1, LARGEST_LIMIT).default(USUAL_LIMIT),
  }),
  examples: [
    "cipherhorizon events list --topic portfolio.events --limit 20",
    "cipherhorizon events list --aggregate-id binance:BTC-USDT --type CandleClosed --json",
  ],
  run: async ({ options, output, environment, interrupted }) => {
    const session = await openSession({ output, environment });
    let left = options.limit;
    try {
      for (const topic of topicsOf(options)) {
        for await (const event of listEvents(session, topic, options)) {
          printEvent(event, output);
          left -= 1;
          if (left === 0 || interrupted.aborted) break;
        }
        if (left === 0 || interrupted.aborted) break;
      }
    } finally {
      await session.close();
    }
    return interrupted.aborted ? exitCodes.interrupted : exitCodes.ok;
  },
});
