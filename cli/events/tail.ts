import { z } from "zod";
import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import { pause } from "../interrupts.ts";
import type { Output } from "../output.ts";
import { openSession, type Session } from "../session.ts";
import { defineVerb } from "../verb.ts";
import {
  EVENT_FILTER_LINES,
  type EventFilter,
  eventFilterOptions,
  filterQuery,
  parseEvent,
  printEvent,
  topicsOf,
} from "./read-events.ts";

const RECONNECT_AFTER_MS = 500;
/** Without a server for so many attempts in a row, the tail gives up. */
const RECONNECT_ATTEMPTS = 20;

export const eventsTail = defineVerb({
  name: "tail",
  summary: "Events as they are appended, until Ctrl-C; a lost connection resumes without a hole",
  optionLines: [...EVENT_FILTER_LINES, ["--from <start|end>", "where to begin; else end"]],
  options: z.strictObject({
    ...eventFilterOptions,
    from: z.enum(["start", "end"]).default("end"),
  }),
  examples: [
    "cipherhorizon events tail",
    "cipherhorizon events tail --topic market.events --type CandleClosed --from start --json",
  ],
  run: async ({ options, output, environment, interrupted }) => {
    const session = await openSession({ output, environment });
    const failed = new AbortController();
    const signal = AbortSignal.any([interrupted, failed.signal]);
    try {
      const tails = topicsOf(options).map((topic) => {
        return tail(session, { topic, filter: options, output, signal });
      });
      await Promise.all(tails);
    } finally {
      failed.abort();
      await session.close();
    }
    return exitCodes.interrupted;
  },
});

interface Tail {
  readonly topic: string;
  readonly filter: EventFilter & { readonly from: "start" | "end" };
  readonly output: Output;
  readonly signal: AbortSignal;
}

async function tail(session: Session, { topic, filter, output, signal }: Tail): Promise<void> {
  const query = filterQuery(topic, filter);
  query.set("from", filter.from);
  let lastEventId: string | null = null;
  let attempts = 0;
  while (!signal.aborted) {
    try {
      const resume: { lastEventId?: string } = lastEventId === null ? {} : { lastEventId };
      const path = `/v1/stream/events?${query}`;
      for await (const { id, data } of session.follow(path, { ...resume, signal })) {
        printEvent(parseEvent(JSON.parse(data)), output);
        lastEventId = id;
        attempts = 0;
      }
    } catch (error) {
      attempts += 1;
      if (!signal.aborted && !mayReconnect(error, attempts)) throw error;
    }
    await pause(RECONNECT_AFTER_MS, signal);
  }
}

function mayReconnect(error: unknown, attempts: number): boolean {
  const isAway = error instanceof Failure && error.exitCode === exitCodes.unavailable;
  return isAway && attempts < RECONNECT_ATTEMPTS;
}
